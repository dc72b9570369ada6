"""Patterns of time, compiled once: how numbers, units, months and days are put together."""

from __future__ import annotations

import re
from typing import List, Tuple

from candidacy.listening.date_names import DAYS, MONTHS, NUMBERS, UNIT_OF
from candidacy.listening.holidays import NAMES, SEASONS

_N = (
    r"(?P<n>\d+(?:\.\d+)?(?: \d+ / \d+)?|(?:a |the )?(?:couple|few)(?: of)?|several|half an?|half|"
    + "|".join(sorted(NUMBERS, key=len, reverse=True))
    + ")"
)
_N2 = r"(?: (?:to|or|-|/) (?P<n2>\d+|" + "|".join(NUMBERS) + r")| (?P<n3>\d+))?"
_U = r"(?P<h0>and a half )?(?P<u>" + "|".join(sorted(UNIT_OF, key=len, reverse=True)) + ")"
_ABOUT = (
    r"(?:(?P<about>about|around|approx|approximately|roughly|like|maybe|only|just|at least|over|"
    r"more than|almost|nearly|"
    r"less than|under|not quite|close to|exactly|good|past|well over) (?:a )?)?"
)
_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
_DAY = r"(?P<day>" + "|".join(sorted(DAYS, key=len, reverse=True)) + ")"
_YEAR = r"(?P<year>(?:19[3-9]\d|20[0-4]\d))"
_SEASON = r"(?P<season>" + "|".join(SEASONS) + ")"
_HALF = r"(?P<half> and a half)?"

PATTERNS: List[Tuple[str, "re.Pattern[str]"]] = [
    (name, re.compile(r"(?<![a-z0-9])(?:" + pattern + r")(?![a-z0-9])"))
    for name, pattern in (
        (
            "next",
            r"in the new year|(?:next|this coming|the coming|upcoming) (?:week|month|year|"
            + "|".join((*DAYS, *MONTHS, *SEASONS))
            + r")|tomorrow|later this (?:week|month|year)|next time|day after tomorrow|tonight",
        ),
        (
            "offset",
            r"(?:"
            + _ABOUT
            + _N
            + " "
            + _U
            + r"|(?:the )?(?P<one>day|night|week|weekend|month))(?: or so)? (?P<side>before|after) "
            r"(?:last )?(?P<hol>"
            + NAMES
            + r")(?: (?:(?:of )?(?P<rel>this|last) year|(?:of |in )?"
            + _YEAR
            + "))?",
        ),
        ("daysback", r"(?:on )?" + _N + " " + _DAY + r" (?:ago|gone|back|past)"),
        (
            "beforelast",
            r"(?P<since>since )?(?:on )?(?:the )?(?:(?P<w>week|weekend|month|year|"
            + "|".join(SEASONS)
            + ")|"
            + _DAY
            + r") before last",
        ),
        ("daypost", r"(?P<u>day|week|wk|month) (?P<n>\d+)(?: now)? (?:post|after|since|following)"),
        (
            "ago",
            _ABOUT + _N + _N2 + " " + _U + _HALF + r" (?:ago|back|prior|earlier|previously|"
            r"before now|before(?= ?(?:[,.;!?)\n]|$)))",
        ),
        (
            "post",
            _ABOUT
            + _N
            + _N2
            + " "
            + _U
            + _HALF
            + r" (?:post|after (?:my|the|a|getting|having|botox|tox|dysport|xeomin|filler|laser|last|shot|"
            r"shots|injection|injections|treatment|session|microneedling|stopping|finishing)|"
            r"since(?= (?!(?:"
            + "|".join(MONTHS)
            + r"|(?:19|20)\d\d|then|birth|childhood)(?![a-z0-9]))[a-z])|out from|clean|off|free|out of|"
            r"without|pp|postpartum)",
        ),
        (
            "ahead",
            r"in "
            + _ABOUT
            + _N
            + _N2
            + " "
            + _U
            + r"(?: time)?|"
            + _N.replace("<n>", "<m>")
            + " "
            + _U.replace("<u>", "<v>").replace("<h0>", "<h1>")
            + r" from now",
        ),
        (
            "lastfor",
            r"(?P<since>since|for|in|over|within|during)? ?(?:the )?(?:last|past) "
            + _ABOUT
            + r"(?:"
            + _N
            + " )?"
            + _U,
        ),
        (
            "dayofmonth",
            r"(?P<since>since |on )?(?:the )?(?P<dom>\d{1,2}) ?(?:st|nd|rd|th)? (?:of )?"
            + _MONTH
            + r"(?: "
            + _YEAR
            + ")?",
        ),
        (
            "monthday",
            r"(?P<since>since |on )?"
            + _MONTH
            + r" (?:the )?(?P<dom>\d{1,2}) ?(?:st|nd|rd|th)?(?! (?:weeks|months|days|units))(?: ?,? "
            + _YEAR
            + ")?",
        ),
        ("numeric", r"(?P<since>since |on )?(?P<x>\d{1,2}) / (?P<y>\d{1,2})(?: / (?P<z>\d{2,4}))?"),
        (
            "the",
            r"(?P<since>since |on )?(?:(?:last )?"
            + _DAY
            + r"(?: ,)?(?: the)? |(?<=since )the |(?<=on )the )(?P<dom>\d{1,2}) ?(?:st|nd|rd|th)",
        ),
        (
            "holiday",
            r"(?P<since>since )?(?:(?P<ahead>by|until|till|til|coming|next) )?"
            r"(?:at |over |around |during |on )?(?:the )?(?:this past )?(?P<lead>last |this )?(?P<hol>"
            + NAMES
            + r")(?: weekend| time| week| period)?(?: (?:(?:of )?(?P<rel>this|last) year|(?:of |in )?"
            + _YEAR
            + "))?",
        ),
        (
            "seasonyear",
            r"(?P<since>since |until )?(?:back )?(?:in |over |during |around |from |by )?(?:the )?"
            r"(?:early |late |mid )?"
            + _SEASON
            + r" (?:(?:of )?(?P<rel>this|last) year|(?:of |in )?(?:"
            + _YEAR
            + r"|(?P<yy>[12]\d)(?! (?:weeks|months|days|units))))",
        ),
        (
            "monthyear",
            r"(?P<since>since |until |till )?(?P<part>early |mid |late |beginning of |end of |start of |"
            r"middle of |in early |in late |in mid )?" + _MONTH + r"(?: of)? " + _YEAR,
        ),
        (
            "month",
            r"(?P<since>since |until |till )?(?P<lead>in |back in |last |this past |this |early |mid |"
            r"late |around |during |by |of )?(?:(?:the )?(?:beginning|end|start|middle) of )?"
            + _MONTH
            + r"(?: (?:of )?(?:(?P<rel>this|last) year))?",
        ),
        (
            "year",
            r"(?P<since>since |until |till )?(?P<lead>in |back in |around |circa |early |late |mid )?"
            + _YEAR,
        ),
        (
            "lastunit",
            r"(?P<since>since )?(?P<lead>last|this|past|this past) (?P<w>week|wk|month|year|yr|night|"
            r"weekend|morning|afternoon|evening|" + "|".join(SEASONS) + ")",
        ),
        (
            "weekday",
            r"(?P<since>since |on |from )?(?P<lead>last |this |this past |past )?"
            + _DAY
            + r"(?! ,? ?(?:the )?\d{1,2} )",
        ),
        (
            "season",
            r"(?P<since>since |until )?(?:(?:back )?(?:in |over |during |from )(?:the |this )?|(?<=since )(?:the )?)"
            r"(?:early |late |mid )?" + _SEASON,
        ),
        (
            "today",
            r"(?P<since>since )?(?:earlier )?(?:today|this morning|this afternoon|this evening|tonight|"
            r"just now|an hour ago|hours ago|this week)",
        ),
        ("yesterday", r"(?P<since>since )?(?P<b>the day before |day before )?(?:yesterday|last night)"),
        (
            "days",
            r"(?:the )?other (?:day|week|night)|(?:a )?few (?:days|nights) (?:ago|back)|days ago|"
            r"the other weekend",
        ),
        (
            "recent",
            r"(?:just )?recently|lately|not (?:too |so |that )?long ago|weeks ago|just (?:had|got|did|"
            r"finished|stopped|started|ended)",
        ),
        (
            "vague",
            r"(?:many |several |some |a few |so many )?(?:years|yrs|decades|ages|moons) (?:ago|back)|"
            r"(?:a )?(?:long|very long) (?:time|while) (?:ago|back)|long ago|back in the day|"
            r"in the past|"
            r"as a (?:kid|child|teen|teenager|baby|youngster|toddler)|when i was (?:a |an )?(?:kid|"
            r"child|baby|teen|teenager|younger|young|little|small)|in (?:my )?(?:childhood|teens|youth|"
            r"twenties|high school|college|school|uni)|forever ago|way back|"
            r"(?:yonks|donkeys years|donkeys|eons|aeons|a lifetime|lifetimes|centuries|light years|"
            r"donkey s years|(?:a )?(?:good )?long while) (?:ago|back)|last century|last millennium|"
            r"(?:when |while |back when )?(?:obama|bush|clinton|reagan|thatcher|blair|cameron|gillard|rudd|harper|"
            r"trump was first|gordon brown|brown|may|boris|bill clinton|george bush|the queen) "
            r"(?:was|were|had)(?: still)?(?: in| the)? (?:president|pm|prime minister|power|office|alive|charge|in)|"
            r"(?:under|in the days of) (?:obama|bush|clinton|reagan|thatcher|blair)|"
            r"(?:pre|before)(?: the)? (?:covid|pandemic|lockdown|corona)(?: times| days| hit| started)?|"
            r"(?:back )?(?:in |during )?the (?:early |mid |late )?(?:(?:19)?[5-9]0 s|2000 s|nineties|"
            r"eighties|seventies|noughties|naughties)",
        ),
        (
            "lockdown",
            r"(?P<since>since )?(?:in |during |over |back in )(?:the )?(?:first |second |last )?"
            r"(?:lockdowns?|pandemic|covid times)",
        ),
        ("months", r"(?:some |a few |several )?months (?:ago|back)|(?:a )?while (?:ago|back)"),
        (
            "for",
            r"(?P<since>for|over|been|since|from|past|going on) "
            + _ABOUT
            + _N
            + " "
            + _U
            + _HALF
            + r"|(?:for )?(?:ages|years|months|weeks|days|decades|forever|life)(?: now)?",
        ),
        ("sinceunit", r"(?:in|over|for) " + _ABOUT + _N + " " + _U),
    )
]
