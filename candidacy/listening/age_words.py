"""The ways an age is put, as one pattern over the words of a message."""

from __future__ import annotations

import re
from typing import Dict

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
}
WORDS: Dict[str, int] = {word: number for number, word in enumerate(_SMALL)}
WORDS.update(_TENS)
ORDINALS: Dict[str, int] = {f"{word}th": number for word, number in WORDS.items() if 13 <= number <= 19}
ORDINALS.update(
    {"twentieth": 20, "twenty first": 21, "twelfth": 12, "thirtieth": 30, "fortieth": 40, "fiftieth": 50}
)
_NUM = (
    r"(?:\d{1,3}(?:\.\d)?|(?:"
    + "|".join(_TENS)
    + r")(?: (?:"
    + "|".join(_SMALL[1:10])
    + r"))?|"
    + "|".join(_SMALL[::-1])
    + ")"
)
_COMING = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|january|february|march|april|june|july|august|"
    r"september|october|november|december|(?:the )?(?:spring|summer|autumn|new year)"
)
_YEARS = r"(?:years?|yrs?|yr s|yo|y o|y / o|y)"
_SEX = r"(?:f|m|female|male|girl|boy|woman|man|guy|lady|dude|fem|gal)"
_NOT_UNIT = (
    r"(?! ?(?:%|\$|/|weeks?|wks?|wk|months?|mos?|mths?|days?|hours?|hrs?|ft\b|feet|foot|"
    r"inch(?:es)?|minutes?|mins?|units?|u\b|mg|mcg|ml|cc|g\b|kg|lbs?|pounds|stone|cm|mm|inch|"
    r"times?|"
    r"syringes?|vials?|st\b|nd\b|rd\b|th\b|percent|dollars|bucks|usd|quid|euros?|pence|cents|am\b|pm\b|o clock|in the|"
    r"miles|km|kids|children|people|sessions|treatments|hundred|thousand|pregnancies|of\b|"
    r"or so weeks|"
    r"late\b|early\b|grand|out of|different|more|points|a1c|bmi|week|medications|meds|pills|drugs|"
    r"and a half (?:weeks|months)|years? (?:ago|into|since|on|of|post|clean|sober|out|cancer|"
    r"in\b|with|without|married|later|free)))"
)
AGE = re.compile(
    r"(?<![\w.$/])(?:"
    r"(?:i am|i m|me|am|is|she is|he is|was|they are|aged?|age is|age of|age :|age|my age is|"
    r"turned|just turned|turning|turn|almost|nearly|only|just|about to be|going to be|gonna be|"
    r"be|being|at)"
    r"(?: (?:a|an|only|just|about|almost|nearly|currently|now|actually|turning|going to be|"
    r"about to turn|about to be|not even|still|around|like|approximately|barely|already|"
    r"soon to be|young|very|stressed out|healthy|fit|tired))*"
    r" (?P<a>"
    + _NUM
    + r")(?P<half> and a half| 1 / 2| ½)?"
    + _NOT_UNIT
    + r"(?P<old> "
    + _YEARS
    + r"(?: olds?| of age| young)?)?|"
    r"(?P<b>" + _NUM + r")(?P<half2> and a half)? " + _YEARS + r" (?:old|olds|of age|young)|"
    r"(?P<c>\d{2}) ?/? ?(?:yo|y o|y / o|yr old|yrs old)|"
    r"(?P<d>\d{2}) ?/? ?(?P<sexd>" + _SEX + r")|"
    r"(?P<sexe>f|m|female|male) ?/? ?(?P<e>\d{2})(?! ?(?:units|mg|/))|"
    r"in (?:my|her|his) (?:early |mid |late )?(?P<g>\d0) ?s|in (?:my|her|his) (?:early |mid |"
    r"late )?(?P<gw>twenties|thirties|forties|fifties|sixties|seventies|eighties)|"
    r"born (?:in )?(?:\w+ )?(?:\d{1,2} )?(?P<h>19[2-9]\d|20[0-2]\d)|"
    r"(?:daughter|son|niece|nephew|sister|brother|cousin|friend|kid|girl|boy|granddaughter|"
    r"grandson|wife|husband|partner|girlfriend|boyfriend|mum|mom|dad|"
    r"child) ?[(,] ?(?P<p>\d{1,2}) ?[),]|"
    r"(?P<q>1[3-9]|2[01])(?= (?:next (?:week|month|year)|tomorrow|in (?:a|one|two|three|"
    r"\d+) (?:days?|weeks?|months?)|till|until|til|in (?:" + _COMING + r"))\b)|"
    r"(?P<s>\d{2}|"
    + "|".join(_SMALL[12:])
    + r") going on (?:\d{1,2}|"
    + "|".join((*_SMALL[12:], *_TENS))
    + r")|"
    r"sweet (?P<t>16|sixteen|17|seventeen)|"
    r"i (?:am )?have (?:just |only |now )?(?P<v>"
    + _NUM
    + r") years?(?= ?(?:[.,!?]|and\b|is\b|so\b|can\b|$))|"
    r"(?:my|her|his) (?P<r>\d{1,2} ?(?:st|nd|rd|th)|" + "|".join(ORDINALS) + r") (?:birthday|bday|b day)"
    r"(?= (?:is|was|will|next|in|on|coming|tomorrow|last|this|today)\b| ?[.,!?]|$)|"
    r"dob :? ?(?:\d{1,2} / \d{1,2} / )?(?P<k>19[2-9]\d|20[0-2]\d)"
    r")(?![a-z0-9])"
)
