"""How times are said: kinds of tokens, each with the wordings that mean it.

First match wins, so the longer reading stands first. What matches nothing is passed over. The named
pieces (`?P<…>`) are read by `days`, `clock` and `reader`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import List, Pattern, Tuple

WD = r"(?:mon|tues?|wed|weds|thu|thurs?|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day)s?"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
LONG_MONTH = "january|february|april|june|july|august|september|october|november|december"
HOUR = r"\d{1,2}(?:[:.]\d{2})?(?:\s*(?:am|pm|a\.m\.?|p\.m\.?|a|p|o'?clock)\b)?|noon|midday"
ORD = r"(?:st|nd|rd|th)"
PART = r"(?:mornings?|mornin|afternoons?|arvo|evenings?|nights?)"
NEG = r"(?:do(?:es)?n'?t|do(?:es)? not|won'?t|will not|can'?t|isn'?t|aren'?t)"
NOT_COUNT = r"(?!\s*(?:weeks?|days?|months?|years?|times|people))"

GRAMMAR: List[Tuple[str, List[str]]] = [
    # Means no time, though a piece of it looks like one.
    ("none", [
        r"if you (?:do not|don'?t) mind", r"what if", r"i'?m good", r"not sure", r"why not",
        rf"{NEG} work(?: on)?(?=\s+{WD}\b)",
    ]),
    ("any", [
        r"whenever(?! i)", r"when ever", r"any ?times?", r"any(?= ?[.!]*$)", r"no preferences?",
        r"(?:i )?do(?:n'?t| not) (?:mind|care)",
        r"doesn'?t matter", r"flexible", r"you (?:choose|pick|decide)", r"up to you",
        r"any of (?:them|those|these)",
        r"either(?: one)?(?: is| works)", r"(?:wide )?open schedule", r"all day",
    ]),
    ("asap", [
        r"asap", r"a\.s\.a\.p", r"as soon as (?:possible|you can|i can)", r"as early as possible", r"soonest",
        r"earliest(?: you have)?", r"(?:first|next) (?:available|opening|slot|free)", r"right away",
        r"immediately",
    ]),
    # "Mondays don't work": speaks of the days before it.
    ("badafter", [
        rf"{NEG} (?:really )?(?:work|suit)",
        r"(?:is|are|'s) (?:no good|not good|bad|out|hard|tough|impossible|busy|taken)",
    ]),
    ("iso", [r"\d{4}-\d{2}-\d{2}"]),
    ("daterange", [
        rf"(?:the )?(?P<r1>\d{{1,2}}){ORD}?\s*(?:-|to|until|through)\s*"
        rf"(?:the )?(?P<r2>\d{{1,2}}){ORD}?(?: of)? (?P<rm>{MONTH})\b",
    ]),
    ("datespan", [
        rf"(?:{WD} )?(?P<d3>\d{{1,2}}) (?P<m3>{MONTH})\s*(?:to|-|until)\s*"
        rf"(?:{WD} )?(?P<d4>\d{{1,2}}) (?P<m4>{MONTH})\b",
    ]),
    ("dmy", [rf"(?:the )?(?P<d1>\d{{1,2}}){ORD}?(?: of)? (?P<m1>{MONTH})\b\.?(?:,? (?P<y1>20\d\d))?"]),
    ("mdy", [
        rf"(?P<m2>{MONTH})\.? (?:the )?(?P<d2>\d{{1,2}}){ORD}?\b(?!:|\s*(?:am|pm))(?:,? (?P<y2>20\d\d))?",
    ]),
    ("slash", [r"(?P<s1>\d{1,2})/(?P<s2>\d{1,2})(?:/(?P<s3>\d{2,4}))?\b"]),
    ("month", [
        rf"(?:in|during|early|late|mid|sometime in|any ?time in|first week of) (?P<mo>{MONTH})\b",
        rf"(?P<mo2>{LONG_MONTH})",
    ]),
    ("span", [
        rf"(?:between|from)\s+(?P<h1>{HOUR})\s*(?:and|to|till?|until|-)\s*(?P<h2>{HOUR})",
        rf"(?P<h3>{HOUR})\s*(?:-|to|till|until)\s*(?P<h4>{HOUR}){NOT_COUNT}",
    ]),
    ("afterwork", [r"(?:after|following|off|done with|finish) work(?! (?:at|by))"]),
    ("afterschool", [r"after school", r"after (?:the )?(?:school|kids'?) (?:run|pickup|pick-up|drop ?off)"]),
    ("afterlunch", [r"after lunch"]),
    ("later", [
        rf"(?:any ?time )?(?:after|past|later than|not before|no earlier than|no sooner than|from) "
        rf"(?:about |around )?(?P<h5>{HOUR})(?!{ORD})\b",
        rf"(?:get off|get out|off|done|finish|out)(?: of)?(?: work)? (?:at|by|around) "
        rf"(?:about |around )?(?P<h12>{HOUR})(?!{ORD})\b",
        rf"(?P<h6>{HOUR}) (?:or|and) (?:later|after|onwards?)",
    ]),
    ("earlier", [
        rf"(?:before|until|till?|by|no later than|not after|earlier than) (?P<h7>{HOUR})(?!{ORD})\b",
        rf"(?P<h8>{HOUR}) (?:or|and) (?:earlier|before)",
    ]),
    ("except", [
        r"except(?: for)?", r"excluding", r"besides", r"other than", r"apart from", r"but not", r"but no",
        r"(?:anything|any day) but", r"not(?! sure)", r"can ?not", r"can'?t", r"couldn'?t", NEG, r"avoid",
        r"never",
        r"busy", r"booked", r"unavailable", rf"no(?=\s+(?:{WD}|{PART}|weekends?|weekdays?)\b)",
        r"i(?: am|'?m)?(?: at)? work(?:ing)?\b(?! for)", r"i have work",
    ]),
    # Ends an exclusion: "not Monday but Tuesday is good".
    ("reset", [
        r"but", r"free", r"available", r"good", r"works?", r"okay", r"ok", r"fine", r"prefer\w*", r"rather",
        r"maybe", r"perhaps", r"instead", r"could", r"can", r"open", r"best", r"how about",
    ]),
    ("weekfrom", [rf"(?:a )?week (?:from|after) (?:(?:this|next|coming) )?(?P<wf>{WD}|today|tomorrow)\b"]),
    ("relative", [
        r"day after tomorrow", r"today", r"tonight", r"tomorrow",
        r"in (?P<n>\d{1,2}|a|a couple(?: of)?|a few) (?P<unit>days?|weeks?)",
        r"(?P<n2>\d{1,2}) (?P<unit2>days?|weeks?) from (?:now|today)",
    ]),
    ("thispart", [rf"this (?P<tp>{PART})"]),
    ("week", [
        r"(?:the )?week after next",
        r"(?:(?:later |rest of )?this|next|following|coming|(?:end|rest) of the)(?: whole)? week(?! ?ends?)",
    ]),
    ("weekend", [r"(?:(?P<we>this|next|coming|the) )?week ?ends?"]),
    ("weekdays", [
        r"(?P<wn>week ?nights?)", r"(?:any |every |a )?(?:week ?days?|work(?:ing|week)? ?days?)",
        r"during the (?:work )?week",
    ]),
    ("wdrange", [rf"(?P<w1>{WD})\s*(?:to|-|through|thru|till?|until)\s*(?P<w2>{WD})\b"]),
    ("weekday", [rf"(?:(?P<how>this|next|coming|every|any|most|all)(?: coming)? )?(?P<wd>{WD})\b"]),
    ("ordinal", [rf"(?:the )?(?P<nth>\d{{1,2}}){ORD}\b"]),
    ("at", [
        rf"(?:at|around|about|approximately|approx|roughly|@|like) (?P<h9>{HOUR})\b(?!{ORD}){NOT_COUNT}",
        r"(?P<h10>\d{1,2}(?::\d{2})?\s*(?:am|pm|a\.m\.?|p\.m\.?|o'?clock)|\d{1,2}:\d{2}|noon|midday)\b",
        r"(?P<h11>\d{1,2}) ?ish\b",
    ]),
    ("part", [
        rf"(?P<p1>{PART})\b", r"lunch ?(?:time|break|hour)?", r"first thing", r"end of (?:the )?day",
        r"late in the day", r"in the (?P<ap>am|pm)\b", r"(?P<ap2>pm|ams)\b",
    ]),
    ("anyday", [r"(?:any|every|each) ?days?\b", r"all (?:the )?days", r"all week"]),
    ("after", [r"(?:any ?time |any ?day )?(?:after|later than)"]),
    ("from", [r"starting(?: from| on)?", r"from"]),
    ("before", [r"(?:any ?time |any ?day )?before", r"until", r"no later than"]),
    ("or", [r"or", r"and", r"then", r"also"]),
]  # fmt: skip

KINDS = tuple(kind for kind, _ in GRAMMAR) + ("mark", "stop")


@lru_cache(maxsize=1)
def scanner() -> Pattern[str]:
    """One pattern of all kinds, each a named group."""
    words = [rf"(?P<{kind}>(?<!\w)(?:{'|'.join(wordings)})(?!\w))" for kind, wordings in GRAMMAR]
    return re.compile("|".join(words + [r"(?P<mark>[,/&+-])", r"(?P<stop>[.;!?\n])"]))
