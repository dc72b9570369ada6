"""Compile the phrases of the rules and of language.yml into a Lexicon."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Iterable, Optional, Sequence

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


def _windows(waits: Sequence[Optional[str]], variants: Sequence[Variant]) -> tuple[str, ...]:
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
            # Nobody types the plural of a medicine: as a target it would only draw ordinary words.
            lexicon.targets.update(
                word
                for form in (forms[:1] if entry.kind == "drug" else forms)
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
        for section in ("persons", "kinds", "event_words", "unnamed", "headings"):
            for name, values in language[section].items():
                if isinstance(values, list):
                    lexicon.sets[f"{section}.{name}"] = frozenset(map(str, values))
        for name, values in language["scope_words"].items():
            lexicon.sets[f"scope.{name}"] = frozenset(map(str, values))
        for name, phrases in language["scope"].items():
            for phrase in phrases:
                self.add(phrase, Entry("scope", name))
        lexicon.sets["uses.traded"] = frozenset(map(str, language["uses"]["traded"]))
        lexicon.sets["other_shots"] = frozenset(map(str, language["other_shots"]))
        lexicon.sets["effects"] = frozenset(map(str, language["effects"]))
        lexicon.sets["strong"] = frozenset(map(str, language["allergy"]["strong"]))
        for phrase in language["allergy"]["strong"]:
            self.add(phrase, Entry("allergy", "words"))
        for phrase in language["topic_asked"]:
            self.add(phrase, Entry("topic_asked", "topic"))
        for name, phrases in language["topic_joined"].items():
            for phrase in phrases:
                self.add(phrase, Entry("topic_joined", name))
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
            for name in ("things", "doubts"):
                for phrase in table[name]:
                    self.add(phrase, Entry("unnamed." + name, group))
        for phrase in language["recent_birth"]["fed_otherwise"]:
            self.add(phrase, Entry("fed_otherwise", "fed_otherwise"))
        for condition, table in language["hints"].items():
            for name, phrases in table["kinds"].items():
                for phrase in phrases:
                    self.add(phrase, Entry("hint", condition, name))
        for name, phrases in language["ruled_out"].items():
            for phrase in phrases:
                self.add(phrase, Entry("ruled_out", name))
        for raw in language["frames"]:
            numbers = tuple((float(low), float(high)) for low, high in raw.get("numbers", ()))
            self.frames(
                raw, raw["condition"], raw.get("variant"), bool(raw.get("possible")), numbers_in=numbers
            )
        for name, table in language["signs"].items():
            self.loose(("sign", name), table.get("frames", ()))
            for phrase in table["words"]:
                self.add(phrase, Entry("sign", name))
            lexicon.sets[f"signs.{name}.unless"] = frozenset(map(str, table.get("unless", ())))
        for kind in ("self_harm", "sign_context"):
            for name, table in language[kind].items():
                self.loose((kind, name), table.get("frames", ()))
                for phrase in table["words"]:
                    self.add(phrase, Entry(kind, name))

    def loose(self, sign: tuple[str, str], frames: Iterable[dict]) -> None:
        """Add the frames of a sign."""
        for raw in frames:
            self.frames(raw, "", sign=sign)

    def frames(self, raw: dict[str, Any], *args: Any, **fields: Any) -> None:
        """Add one frame, in every order if it says so; "@limb" stands for the words of `word_groups.limb`."""
        lexicon, named = self.lexicon, self.lexicon.language["word_groups"]
        groups = [
            frozenset(
                str(word) if "sign" in fields else lexicon.respell(str(word))
                for name in group
                for word in (named[name[1:]] if str(name).startswith("@") else [name])
            )
            for group in raw["words"]
        ]
        without = frozenset(
            str(word)
            for name in raw.get("without", ())
            for word in (named[name[1:]] if str(name).startswith("@") else [name])
        )
        across = raw.get("across") or ""
        across = "sentence" if across is True else str(across)
        for order in permutations(groups) if raw.get("any_order") else [groups]:
            lexicon.frames.append(
                Frame(
                    args[0],
                    tuple(order),
                    int(raw["gap"]),
                    without,
                    *args[1:],
                    across=across,
                    **fields,
                )
            )

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
