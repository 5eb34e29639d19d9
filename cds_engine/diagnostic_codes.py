"""The closed list of codes: what each means, an example, and what to do; a test holds the source to it.

Letters say where a finding is from: Y the YAML, P the shape of a pack, L the language of conditions, N names,
T types, U units, R ranges, F facts, C references, D1 a patient's data, D2 doses, S scenarios and cases, A approvals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in the words of whoever meets it."""

    title: str
    means: str
    example: str
    remedy: str


PACK_FILES: Mapping[str, Meaning] = {
    "Y101": Meaning(
        "a file of the pack cannot be read",
        "The file exists but may not be opened, or it is not UTF-8 text.",
        "`facts.yaml` was saved as Latin-1.",
        "Save the file as UTF-8 and make it readable.",
    ),
    "Y102": Meaning(
        "malformed YAML",
        "The file breaks the rules of YAML at this place, or a key is no single word.",
        "`when: a: b`, where the second colon needs quotes.",
        "Look at the line and the one above it: indentation, quotes, colons.",
    ),
    "Y103": Meaning(
        "the file is empty or no mapping",
        "A file of a pack is a mapping of keys to values; this one is empty, a list or a single word.",
        "`drugs.yaml` holds only comments.",
        "Write its keys, or delete the file if the pack does not need it.",
    ),
    "Y104": Meaning(
        "a key stands twice",
        "One mapping names the same key twice; YAML would silently keep the last.",
        "`says:` twice in one statement.",
        "Keep one of them.",
    ),
    "Y105": Meaning(
        "nested too deeply, or too large",
        "The file is nested so deeply, is so large or repeats itself so often that it cannot be meant.",
        "Aliases (`*name`) that multiply each other.",
        "Write the content out, and split large files by topic.",
    ),
    "Y106": Meaning(
        "a tag of YAML",
        "A tag such as `!!int` would change what a value is; here every value is text.",
        "`version: !!float 1`",
        "Remove the tag.",
    ),
    "P101": Meaning(
        "a key that is not known here",
        "The format has no such key at this place; a misspelt key would otherwise be ignored.",
        "`wen: age_years < 18 'a'` instead of `when`.",
        "Take the key that is proposed, or move it to where it belongs.",
    ),
    "P102": Meaning(
        "a key is missing",
        "This piece of the pack cannot do without the key.",
        "A statement without `source`.",
        "Add the key.",
    ),
    "P103": Meaning(
        "a value that cannot stand here",
        "The value is not one of those allowed, is empty, or has the wrong form.",
        "`modality: strong`; allowed are recommend, consider, option and inform.",
        "Write one of the values that the message names.",
    ),
    "P105": Meaning(
        "a file of the pack is missing",
        "Every pack needs `pack.yaml`, `sources.yaml` and `facts.yaml`.",
        "A folder with `facts.yaml` only.",
        "Add the file, or name the right folder.",
    ),
    "P106": Meaning(
        "a file that a pack does not have",
        "A misspelt file would silently be left out, so every file must be known.",
        "`fact.yaml`, or `safty/methotrexate.yaml`.",
        "Rename the file, or move it out of the pack.",
    ),
}

LANGUAGE: Mapping[str, Meaning] = {
    "L101": Meaning(
        "a condition cannot be read",
        "The text is no expression of the condition language.",
        "`age_years < and sex_at_birth = 'male'`",
        "Complete or correct the expression at the caret; every code stands in quotes, every unit too.",
    ),
    "L102": Meaning(
        "a condition is too large",
        "An expression has more characters or parts than is allowed.",
        "A generated `or` of thousands of codes.",
        "Use `in {...}`, or move parts into definitions.yaml.",
    ),
    "N101": Meaning(
        "a name that nothing carries",
        "There is no fact, definition or formula of that name.",
        "`wieght > 20 'kg'`",
        "Take the name that is proposed, or add it to facts.yaml or definitions.yaml.",
    ),
    "N102": Meaning(
        "a code that the fact cannot have",
        "The comparison can never be true, because the fact does not allow that code.",
        "`disease_phase = 'newonset'`",
        "Take one of the codes that the message names, or add it to `allowed`.",
    ),
    "T101": Meaning(
        "not a condition",
        "True or false is needed here, but the expression gives something else.",
        "`when: age_years`",
        "Compare it with something.",
    ),
    "T102": Meaning(
        "two kinds that do not compare",
        "The two sides are of different types.",
        "`age_years = 'old'`",
        "Compare like with like.",
    ),
    "T103": Meaning(
        "no order",
        "Codes and booleans have no less and no more.",
        "`disease_phase < 'remission'`",
        "Use `=`, `!=` or `in {...}`.",
    ),
    "T104": Meaning(
        "cannot be calculated with",
        "Arithmetic needs numbers or quantities of units that fit.",
        "`sex_at_birth + 1`",
        "Calculate with numbers only.",
    ),
    "T105": Meaning(
        "a set of codes is needed",
        "`contains` and `in` work with sets of codes.",
        "`sex_at_birth contains 'male'`",
        "Use `=` for one code, `in {...}` for several.",
    ),
    "T106": Meaning(
        "the branches differ",
        "Both branches of `if ... then ... else` must give the same type.",
        "`if a then 1 else 'one'`",
        "Give both branches one type.",
    ),
    "T107": Meaning(
        "a date is needed",
        "Time between two dates can only be taken between dates.",
        "`years between age_years and as_of`",
        "Name facts of type date.",
    ),
    "T108": Meaning(
        "the wrong type for this place",
        "The value does not have the type of the fact or dose that it is for.",
        "`derive: 'yes'` for a boolean fact.",
        "Write an expression of the type that the message names.",
    ),
    "U101": Meaning(
        "not a usable unit",
        "Units are UCUM, and this is none, or one that cannot be converted safely.",
        "`mgs`, or `mg/sqm` instead of `mg/m2`",
        "Take the unit that is proposed; see ucum.org for the spelling.",
    ),
    "U102": Meaning(
        "two units that do not convert",
        "The units measure different things, or differ only in capital letters.",
        "`mg` to `mL`; `Mg` (megagram) to `mg`",
        "Correct one of them, or declare a published factor under `conversions`.",
    ),
    "U201": Meaning(
        "two quantities that do not compare",
        "The units are of different kinds; a dose a day and a dose a week are, and so is an indexed eGFR.",
        "`egfr < 30 'mL/min'` for an eGFR in mL/min/{1.73_m2}",
        "Convert one side, or correct the unit in facts.yaml.",
    ),
    "R101": Meaning(
        "a threshold that no patient can reach",
        "The threshold lies outside the plausible range of the fact.",
        "`height < 1 'cm'`",
        "Correct the threshold, its unit, or the plausible range.",
    ),
    "R102": Meaning(
        "a condition that never holds",
        "Within the plausible range of the fact the condition is never true.",
        "`weight > 300 'kg'` for a weight of 0.5 to 300 kg",
        "Correct the threshold or the plausible range.",
    ),
    "R103": Meaning(
        "a part that is always unknown",
        "A comparison or a calculation with `null` is unknown for every patient, so that the rule is silently off.",
        "`weight = null`",
        "Write `is null` or `is not null`, or put a value in the place of `null`.",
    ),
}

DICTIONARY: Mapping[str, Meaning] = {
    "F101": Meaning(
        "the name of a fact",
        "Names of facts have only letters, digits and `_`, because conditions use them.",
        "`serum-creatinine`",
        "Rename the fact.",
    ),
    "F102": Meaning(
        "a quantity without unit",
        "A quantity or drug dose must say in which unit it is kept.",
        "`height: {type: quantity}`",
        "Add `unit:`.",
    ),
    "F103": Meaning(
        "a unit where there is none",
        "Codes, dates, booleans and integers have no unit.",
        "`sex_at_birth: {type: code, unit: kg}`",
        "Remove the unit, or change the type.",
    ),
    "F104": Meaning(
        "a code without allowed values",
        "Every value of a code fact is listed, so that a misspelt one is found.",
        "`disease_phase: {type: code}`",
        "Add `allowed: [...]`.",
    ),
    "F105": Meaning(
        "`unknown` as a value",
        "Unknown is what a fact is when nobody said; as a value it would hide the gap.",
        "`allowed: [yes, no, unknown]`",
        "Remove it.",
    ),
    "F106": Meaning(
        "`drug` and `drug_dose` belong together",
        "A fact of type drug_dose names its drug, and only such a fact does.",
        "`type: drug_dose` without `drug:`",
        "Add the drug, or change the type.",
    ),
    "F107": Meaning(
        "a plausible range where there is none",
        "Only numbers have a plausible range.",
        "`plausible: 0 to 1` for a code",
        "Remove the range, or change the type.",
    ),
    "F108": Meaning(
        "a derived value without tolerance",
        "A value that is always computed is held against a given one, and needs to know how far they may differ.",
        "`always: true` without `tolerance:`",
        "Add a tolerance such as `5 %`.",
    ),
    "F109": Meaning(
        "a conversion with no or two factors",
        "A conversion either multiplies or divides by one published factor.",
        "`{unit: umol/L}`",
        "Give `multiply_by` or `divide_by`.",
    ),
    "F110": Meaning(
        "a presumed value that the fact cannot have",
        "`absent_means` must be a value of a code or boolean fact.",
        "`absent_means: maybe`",
        "Write an allowed value, or remove it.",
    ),
    "F111": Meaning(
        "a fact that cannot be derived",
        "Lists of codes, medicines and doses are given, never computed.",
        "`type: codes` with `derive:`",
        "Derive a fact that is true or false from it.",
    ),
    "F112": Meaning(
        "an age or tolerance that makes no sense",
        "A greatest age lies above zero, and a tolerance is not negative.",
        "`max_age: 0 d`, or `tolerance: -5 %`",
        "Correct the number.",
    ),
}

REFERENCES: Mapping[str, Meaning] = {
    "C101": Meaning(
        "a source that is not listed",
        "Everything is cited, and every citation leads to an entry in sources.yaml.",
        "`source: share-2071`",
        "Take the source that is proposed, or add it to sources.yaml.",
    ),
    "C102": Meaning(
        "an id used twice",
        "Rules, statements and drug classes are found by their id, so each has one of its own.",
        "Two rules `start-methotrexate`.",
        "Rename one of them.",
    ),
    "C103": Meaning(
        "a statement that does not exist",
        "A rule, route or statement points at a statement that is not in the pack.",
        "`carries: [S99]`",
        "Take the id that is proposed, or add the statement.",
    ),
    "C104": Meaning(
        "a rule that speaks more strongly than its statement",
        "A rule may weaken what its source says, never strengthen it.",
        "A rule `recommend` under a statement `consider`.",
        "Write the statement's modality or a weaker one.",
    ),
    "C105": Meaning(
        "a drug that is not listed",
        "Drugs are named in drugs.yaml, with all the names they go by.",
        "`drugs: [metotrexate]`",
        "Take the name that is proposed, or add the drug.",
    ),
    "C106": Meaning(
        "an action that nothing recommends",
        "A safety rule reaches an action only if a rule recommends an action of that name.",
        "`actions: [excison]`",
        "Take the name that is proposed.",
    ),
    "C107": Meaning(
        "a regimen that does not fit",
        "There is no such regimen, or it is for another drug.",
        "`drug: ciclosporin, regimen: methotrexate-weekly`",
        "Name a regimen of this drug, or add one to regimens.yaml.",
    ),
    "C108": Meaning(
        "something rests on itself",
        "A definition or derived fact needs its own value to be computed.",
        "`a` is derived from `b`, and `b` from `a`.",
        "Break the circle; the message shows it.",
    ),
    "C109": Meaning(
        "a fact that nothing reads (or is read although marked)",
        "A fact that no rule reads is asked for in vain; one marked `record_only` must not be read.",
        "`shoe_size`",
        "Use it, mark it `record_only: why`, or remove it.",
    ),
    "C110": Meaning(
        "a fact that may not be presumed",
        "A contraindication or alert reads it: if nobody said, it is unknown and never presumed absent.",
        "`absent_means: false` for `breastfeeding`",
        "Remove `absent_means`.",
    ),
    "C111": Meaning(
        "a condition that grows too large",
        "Written out with all the definitions it uses, the condition has too many parts for every engine.",
        "Definitions that each use several others.",
        "Simplify the definitions, or derive a fact and use that.",
    ),
}

DOSES: Mapping[str, Meaning] = {
    "D201": Meaning(
        "a dose whose unit and basis do not fit",
        "A dose per m² or kg needs a basis that it is multiplied with, and every amount needs a unit.",
        "`range: 15 to 20 mg/m2` without `basis`",
        "Add the basis or the unit.",
    ),
    "D202": Meaning(
        "a cap for another interval than the dose",
        "A cap a day cannot be held against a dose of which nobody says how often it is given.",
        "`per: dose` with a cap `per: day` and no `times_per_day`",
        "Say `times_per_day` or `days`.",
    ),
    "D203": Meaning(
        "how often is missing",
        "A dose `per: dose` says nothing until it is known how often it is given.",
        "`per: dose` without `times_per_day`",
        "Add `times_per_day`.",
    ),
    "D204": Meaning(
        "amounts that make no sense",
        "Amounts lie above zero, and sizes of a product ascend in steps.",
        "`from: 30 mg, to: 7.5 mg`",
        "Correct the amounts.",
    ),
    "D205": Meaning(
        "a cap that never or always acts",
        "Over the plausible range of the basis no dose reaches the cap, or every dose exceeds it.",
        "`at_most: 40 g` where 40 mg was meant",
        "Look at the unit of the cap and of the range.",
    ),
    "D206": Meaning(
        "times a day of what is not given every day",
        "How many times a day is said of a dose a time or a day; a dose a week taken every day would be an overdose.",
        "`per: week` with `times_per_day: 2`",
        "Remove `times_per_day`, or say `per: day` or `per: dose` if that was meant.",
    ),
}

PATIENT: Mapping[str, Meaning] = {
    "D101": Meaning(
        "a fact that the pack does not know",
        "The name is in no dictionary of this pack; what it says is not used.",
        '`{"wieght": "26 kg"}`',
        "Take the name that is proposed; `cds-engine facts` lists all.",
    ),
    "D102": Meaning(
        "a value of the wrong kind",
        "The value is no number, date, yes or no, or list, as this fact needs; it counts as unknown.",
        '`{"height": "tall"}`, or `1,28 m` with a comma',
        "Send the value in the form that the message names.",
    ),
    "D103": Meaning(
        "a number without unit",
        "A quantity without unit is never guessed; it counts as unknown.",
        '`{"weight": 26}`',
        "Write the unit: `26 kg`.",
    ),
    "D104": Meaning(
        "a unit that does not fit",
        "The unit is no UCUM unit, or measures something else than this fact.",
        '`{"height": "128 kg"}`',
        "Correct the unit; `cds-engine facts` shows which are accepted.",
    ),
    "D105": Meaning(
        "an implausible value",
        "The value lies outside the plausible range. It counts as unknown; it is never moved into the range.",
        '`{"height": "1.28 cm"}`',
        "Check number and unit; most often a decimal point or a unit is wrong.",
    ),
    "D106": Meaning(
        "no finite number, or one below zero",
        "Infinite, undefined and negative values are not used.",
        '`{"weight": "-26 kg"}`',
        "Send the measured value, or leave the fact out.",
    ),
    "D107": Meaning(
        "a code that is not known",
        "The fact does not have this value; it counts as unknown.",
        '`{"disease_phase": "newly_onset"}`',
        "Take one of the values that the message names.",
    ),
    "D108": Meaning(
        "values that disagree",
        "Two current values of one fact differ beyond its tolerance. None is used; warnings believe the dangerous one.",
        "Two weights of today, 26 kg and 62 kg",
        "Find out which is right, and send that one.",
    ),
    "D109": Meaning(
        "a value that is too old",
        "The value is older than its fact allows at the day of the answer; it counts as unknown.",
        "A creatinine of last year",
        "Measure again, and send the value with its date.",
    ),
    "D110": Meaning(
        "a date that cannot be",
        "The date is none, or lies after the day of the answer.",
        '`"date": "2026-31-12"`',
        "Write dates as `2026-11-21`; check `--as-of`.",
    ),
    "D111": Meaning(
        "a medicine that was not understood",
        "A drug, dose, interval or route of the medication list is not known, so the list counts as incomplete.",
        '`{"drug": "methotrexat", "per": "weekly"}`',
        "Take the word that is proposed, or give the RxNorm code of another medicine.",
    ),
    "D112": Meaning(
        "facts that contradict each other",
        "The pack declares that these facts cannot stand together; none of them is used.",
        "Sex at birth male, and pregnant",
        "Find out which is right.",
    ),
    "D114": Meaning(
        "an order that was not screened",
        "The order is no mapping, lacks what screening needs, or is not screened by this version.",
        '`"orders": "methotrexate"`',
        "Send orders as a list of mappings with drug, dose, per and route; check by hand what was not screened.",
    ),
    "D115": Meaning(
        "a reference range that was not understood",
        "A laboratory's range needs numbers `low` and `high` in the unit of the value.",
        '`"range": "2.1-2.6"`',
        'Write `"range": {"low": 2.1, "high": 2.6}`.',
    ),
    "D116": Meaning(
        "too many values of one fact",
        "A fact with more values than a patient's record holds; none of them is used.",
        "2,000 creatinine values of one patient",
        "Send the current values, or the latest of each day.",
    ),
    "D117": Meaning(
        "a record that cannot be used",
        "What was recorded bears on the fact but cannot be placed; the fact counts as unknown, not as absent.",
        "A diagnosis without onset, abatement or day of recording",
        "Complete the entry that the message names, or give the fact itself.",
    ),
    "D118": Meaning(
        "value sets that are not here",
        "The pack names sets of codes without listing them; facts that rest on a missing one are unknown.",
        "A FHIR record, and no `--value-sets`",
        "Supply the sets that the message names: `--value-sets DIR`.",
    ),
    "D119": Meaning(
        "a record that is one page of several",
        "The Bundle names a next page. Nothing is taken for absent because this page does not hold it.",
        '`"link": [{"relation": "next", "url": "..."}]`',
        "Fetch all pages and send one Bundle.",
    ),
}

FHIR: Mapping[str, Meaning] = {
    "M101": Meaning(
        "a name of the mapping that leads nowhere",
        "`fhir.yaml` names a period or a value set that it does not declare.",
        "`value_sets: [ofice_visit]`",
        "Take the name that is proposed, or declare it under `periods:` or `value_sets:`.",
    ),
    "M102": Meaning(
        "statuses that nobody chose",
        "Which statuses of an entry count is a clinical choice, so the pack has to make it for every type of resource.",
        "Observations without `statuses: {Observation: [final, amended, corrected]}`",
        "List the statuses that count, once for the file or at the selection.",
    ),
    "M103": Meaning(
        "an absence that means nothing",
        "What a record does not hold is unknown, unless the pack says why the record is complete; then it is false.",
        '`absent: "false"` without `closed_record:`',
        "Say why the record is complete, or leave the fact unknown.",
    ),
    "M104": Meaning(
        "an entry that cannot give the fact its value",
        "The type of the fact says how a value is read; this selection has none of that kind, or none that is known.",
        "A Condition for a quantity",
        "Take another type of resource, or say the `element`, the `values` or what it `gives`.",
    ),
}

SIGN_OFF: Mapping[str, Meaning] = {
    "S101": Meaning(
        "a feature file that is no Gherkin",
        "The Gherkin parser stopped at this line.",
        "`Givn a boy` where a step should begin",
        "Begin every step with Given, When, Then, And or But, below a `Scenario:`.",
    ),
    "S102": Meaning(
        "a phrase that cannot be read",
        "A sentence of phrases.yaml has a bracket without partner, or a place that holds what nobody has declared.",
        "`a weight of {value:kilograms}`",
        "Write a place as `{value:number}`, `word`, `text` or the name of a list under `words`.",
    ),
    "S103": Meaning(
        "a phrase about nothing",
        "A sentence of phrases.yaml names a fact or a rule that the pack does not have.",
        "`she is pregnant: {pregnant: true}`",
        "Take the name that is proposed, or look it up with `cds-engine facts`.",
    ),
    "S104": Meaning(
        "a feature that speaks as a program",
        "A name of a fact, the id of a rule, a code or a sign of code stands in a scenario that a clinician signs.",
        "`Given serum_creatinine = 1`",
        "Say it as a clinician would, and what it means in phrases.yaml.",
    ),
    "S105": Meaning(
        "a case that cannot be run",
        "A case starts from no base, takes away what is not there, expects what no answer has, or stands twice.",
        "`expect: {start-methotrexat: recommended}`",
        "Take the name that is proposed.",
    ),
    "A101": Meaning(
        "an approval that does not hold any more",
        "A condition, a dose, a fact, a safety rule, the source or a scenario changed after a clinician approved it.",
        "The cap of a dose was 40 mg when it was approved.",
        "Have the change read on its review page and approved again, or take it back.",
    ),
    "A102": Meaning(
        "an approval of nothing",
        "approvals.yaml names a statement that the pack does not have.",
        "The statement was renamed after it was approved.",
        "Remove the approval; what is there now must be approved under its own id.",
    ),
    "A103": Meaning(
        "approval overdue",
        "An approval was given until a day that has passed; answers of later days count the statement as not approved.",
        "Approved until 2026-11-22, and today is later.",
        "Have the statement read again and approved with a new date.",
    ),
}

CODES: Mapping[str, Meaning] = {
    **PACK_FILES,
    **LANGUAGE,
    **DICTIONARY,
    **REFERENCES,
    **DOSES,
    **PATIENT,
    **FHIR,
    **SIGN_OFF,
}
"""Every code by its name."""
