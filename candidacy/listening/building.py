"""Compile the phrases of the rules and of language.yml into a Lexicon."""

from __future__ import annotations

from typing import Iterable, Optional, Sequence, Tuple

from candidacy.knowledge import Rule, Variant
from candidacy.knowledge.load import Knowledge
from candidacy.listening.lexicon import Entry, Frame, Lexicon
from candidacy.listening.text import short_forms
from candidacy.listening.words import is_ordinary

SHORT = 4
"""Names in capitals up to this length are abbreviations."""


def _plural(word: str) -> Iterable[str]:
    if len(word) < 4 or not word.isalpha():
        return
    if word.endswith("y") and word[-2] not in "aeiou":
        yield word[:-1] + "ies"
    elif word.endswith("s"):
        return
    elif word.endswith(("x", "ch", "sh")):
        yield word + "es"
    else:
        yield word + "s"


def _windows(waits: Sequence[Optional[str]], variants: Sequence[Variant]) -> Tuple[str, ...]:
    spans = list(waits)
    for variant in variants:
        spans += [variant.wait, variant.test.elapsed_less_than]
        if variant.verdict == "no_flag":
            spans.append(variant.test.elapsed_at_least)
    return tuple(sorted({span for span in spans if span}))


class Builder:
    """Fills a Lexicon from the rules and language.yml."""

    def __init__(self, knowledge: Knowledge) -> None:
        language = knowledge.language
        # "Nan's on warfarin": the person is, or has.
        people = {f"{word}'s": f"{word} is" for word in language["persons"]["kin"]}
        self.lexicon = Lexicon(knowledge, language, short_forms({**people, **language["short_forms"]}))
        self.clear = frozenset(map(str, language["clear_in_small_letters"]))

    def add(self, phrase: str, entry: Entry, inflect: bool = False) -> None:
        lexicon = self.lexicon
        words = lexicon.respelled(lexicon.words(phrase))
        if not words:
            return
        forms = [words]
        if inflect:
            forms += [(*words[:-1], plural) for plural in _plural(words[-1])]
            if len(words) == 1 and words[0].endswith("'s"):
                forms.append((words[0][:-2],))
        for form in forms:
            entries = lexicon.table[form]
            if entry not in entries:
                entries.append(entry)
        if inflect:
            lexicon.targets.update(
                word
                for form in forms
                for word in form
                if len(word) >= 5 and word.isalpha() and (len(form) == 1 or not is_ordinary(word))
            )
            for form in forms:
                whole = "".join(form)
                if len(form) == 2 and whole.isalpha() and len(whole) >= 7 and not is_ordinary(whole):
                    lexicon.joined.setdefault(whole, form)

    def rule(self, rule: Rule) -> None:
        lexicon = self.lexicon
        substance = rule.id in lexicon.sets["kinds.allergies"]
        parts = [(None, rule.names, rule.drugs)] + [(v.id, v.names, v.drugs) for v in rule.variants]
        for variant, names, drugs in parts:
            for name in names:
                self.add(name, Entry("name", rule.id, variant, self.short(name)), inflect=True)
            for drug in drugs:
                kind = "substance" if substance else "drug"
                self.add(drug.name, Entry(kind, rule.id, variant, self.short(drug.name)), inflect=True)
        for phrase in rule.look_alikes:
            self.add(phrase, Entry("look_alike", rule.id))
        for variant in rule.variants:
            for cue in variant.cues:
                self.add(cue, Entry("variant_cue", rule.id, variant.id))
        lexicon.windows[rule.id, None] = _windows([rule.wait], [v for v in rule.variants if not v.test.named])
        for variant in rule.variants:
            own = _windows([], [variant])
            lexicon.windows[rule.id, variant.id] = own or lexicon.windows[rule.id, None]

    def short(self, name: str) -> bool:
        letters = name.strip()
        return (
            letters.isalpha()
            and letters.isupper()
            and len(letters) <= SHORT
            and letters.lower() not in self.clear
        )

    def language(self) -> None:
        lexicon, language = self.lexicon, self.lexicon.language
        for category, cues in language["cues"].items():
            for cue in cues:
                self.add(cue, Entry("cue", category))
        lexicon.targets.update(map(str, language["respell"]))
        lexicon.vocabulary.update(map(str, language["respell"]))
        for section in ("persons", "kinds", "event_words", "unnamed"):
            for name, values in language[section].items():
                if isinstance(values, list):
                    lexicon.sets[f"{section}.{name}"] = frozenset(map(str, values))
        lexicon.sets["other_shots"] = frozenset(map(str, language["other_shots"]))
        lexicon.sets["effects"] = frozenset(map(str, language["effects"]))
        lexicon.sets["strong"] = frozenset(map(str, language["allergy"]["strong"]))
        for phrase in language["allergy"]["strong"]:
            self.add(phrase, Entry("allergy", "words"))
        for phrase in language["topic_asked"]:
            self.add(phrase, Entry("topic_asked", "topic"))
        for phrase in language["possession"]:
            self.add(phrase, Entry("possession", "possession"))
        for name in ("behind", "before", "for_them", "can_they", "wants", "for_me", "self_roles"):
            for phrase in language["persons"][name]:
                self.add(phrase, Entry("person", name))
        for phrase in language["clauses"]["self_phrases"]:
            self.add(phrase, Entry("self", "self"))
        for phrase in language["allergy"]["words"]:
            self.add(phrase, Entry("allergy", "words"))
        for phrase in language["allergy"]["trouble"]:
            self.add(phrase, Entry("allergy", "trouble"))
        for phrase in language["allergy"]["to"]:
            self.add(phrase, Entry("allergy", "to"))
        for target, phrases in language["allergy"]["substances"].items():
            rule_id, _, variant_id = target.partition("/")
            for phrase in phrases:
                self.add(phrase, Entry("substance", rule_id, variant_id or None), inflect=True)
        for rule_id, phrases in language["possible_names"].items():
            for phrase in phrases:
                self.add(phrase, Entry("possible", rule_id))
        for rule_id, phrases in language["event_names"].items():
            for phrase in phrases:
                self.add(phrase, Entry("drug", rule_id), inflect=True)
        for group, table in language["unnamed"].items():
            for name, phrases in table.items():
                for phrase in phrases:
                    self.add(phrase, Entry("unnamed." + name, group))
        for raw in language["frames"]:
            groups = tuple(frozenset(map(lexicon.respell, map(str, group))) for group in raw["words"])
            without = frozenset(map(str, raw.get("without", ())))
            variant, possible = raw.get("variant"), bool(raw.get("possible"))
            lexicon.frames.append(
                Frame(raw["condition"], groups, int(raw["gap"]), without, variant, possible)
            )
        for name, table in language["signs"].items():
            for raw in table.get("frames", ()):
                groups = tuple(frozenset(map(str, group)) for group in raw["words"])
                without = frozenset(map(str, raw.get("without", ())))
                lexicon.frames.append(
                    Frame(str(table["condition"]), groups, int(raw["gap"]), without, sign=name)
                )
            for phrase in table["words"]:
                self.add(phrase, Entry("sign", name))
        for name, phrases in language["self_harm"].items():
            for phrase in phrases:
                self.add(phrase, Entry("self_harm", name))
        for name, phrases in language["sign_context"].items():
            for phrase in phrases:
                self.add(phrase, Entry("sign_context", name))

    def build(self) -> Lexicon:
        self.lexicon._right = frozenset(map(str, self.lexicon.language["respell"]))
        self.lexicon.sets["kinds.allergies"] = frozenset(self.lexicon.language["kinds"]["allergies"])
        for rule in self.lexicon.knowledge.rulebook.rules:
            for phrase in rule.look_alikes:
                self.lexicon.kept.update(self.lexicon.words(phrase))
        for rule in self.lexicon.knowledge.rulebook.rules:
            self.rule(rule)
        self.language()
        self.lexicon.compile()
        return self.lexicon
