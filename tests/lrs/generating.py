"""Valid statements of either version, from the definition of what one is: everything that may stand in one, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lms.lrs.rules.objects import COMPONENT_LISTS, INTERACTION_TYPES
from lms.lrs.rules.versions import Version

words = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.text("abcxyz0123456789-", min_size=1, max_size=8)
iris = st.builds("{}:{}".format, st.sampled_from(["http", "urn", "https"]), st.builds("//e.vn/{}".format, names))
uuids = st.uuids().map(str)
languages = st.dictionaries(st.sampled_from(["vi", "en-US", "zh-Hant", "es-419", "x-rieng"]), words, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
extensions = st.dictionaries(iris, json_values, max_size=2)
moments = st.datetimes().filter(lambda at: at.year >= 1000).map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z")
durations = st.builds("P{}DT{}M{}S".format, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["0", "1.25", "59.999"]))
identifiers = st.one_of(
    st.fixed_dictionaries({"mbox": st.builds("mailto:{}@e.vn".format, names)}),
    st.fixed_dictionaries({"mbox_sha1sum": st.text("0123456789abcdefABCDEF", min_size=40, max_size=40)}),
    st.fixed_dictionaries({"openid": iris}),
    st.fixed_dictionaries({"account": st.fixed_dictionaries({"homePage": iris, "name": words})}),
)


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda several: {key: value for part in several for key, value in part.items()})


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


typed_agents = merged(st.just({"objectType": "Agent"}), optional(name=words), identifiers)
agents = merged(optional(objectType=st.just("Agent"), name=words), identifiers)
members = st.fixed_dictionaries({"objectType": st.just("Group"), "member": st.lists(agents, max_size=3)})
groups = members | merged(members, identifiers) | merged(st.just({"objectType": "Group"}), identifiers)
actors = agents | groups
components = st.lists(
    merged(st.fixed_dictionaries({"id": words}), optional(description=languages)), max_size=3, unique_by=lambda one: one["id"]
)
interactions = merged(
    st.fixed_dictionaries(
        {"interactionType": st.sampled_from(sorted(INTERACTION_TYPES)), "correctResponsesPattern": st.lists(words, max_size=2)}
    ),
    st.dictionaries(st.sampled_from(COMPONENT_LISTS), components, max_size=2),
)
definitions = optional(name=languages, description=languages, type=iris, moreInfo=iris, extensions=extensions) | interactions
activities = merged(st.fixed_dictionaries({"id": iris}), optional(objectType=st.just("Activity"), definition=definitions))
references = st.fixed_dictionaries({"objectType": st.just("StatementRef"), "id": uuids})
scores = st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(sorted).map(lambda three: dict(zip(("min", "raw", "max"), three, strict=True)))
results = optional(
    score=scores.filter(lambda score: score["min"] < score["max"]) | optional(scaled=st.floats(-1, 1)),
    success=st.booleans(),
    completion=st.booleans(),
    response=words,
    duration=durations,
    extensions=extensions,
)
context_activities = st.dictionaries(
    st.sampled_from(["parent", "grouping", "category", "other"]), activities | st.lists(activities, max_size=2), max_size=2
)
contexts = optional(
    registration=uuids,
    instructor=actors,
    team=groups,
    contextActivities=context_activities,
    language=st.sampled_from(["vi", "en-GB"]),
    statement=references,
    extensions=extensions,
)
verbs = merged(st.fixed_dictionaries({"id": iris}), optional(display=languages))


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


attachments = merged(
    st.fixed_dictionaries(
        {
            "usageType": iris,
            "display": languages,
            "contentType": st.sampled_from(["text/plain", "application/pdf", "text/plain; charset=utf-8"]),
            "length": st.integers(0, 2**40),
            "sha2": st.sampled_from([56, 64, 96, 128]).flatmap(
                lambda digits: st.text("0123456789abcdef", min_size=digits, max_size=digits)
            ),
            "fileUrl": iris,
        }
    ),
    optional(description=languages),
)
pairs = st.tuples(agents, st.builds(lambda name: {"account": {"homePage": "https://e.vn/oauth", "name": name}}, words)).map(
    lambda two: {"objectType": "Group", "member": list(two)}
)


def events(objects: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    whole = st.fixed_dictionaries({"actor": actors, "verb": verbs, "object": objects})
    return merged(whole, optional(result=results, context=contexts, timestamp=moments, attachments=st.lists(attachments, max_size=2)))


objects = activities | typed_agents | groups | references
within = merged(events(objects), st.just({"objectType": "SubStatement"}))
set_by_store = optional(id=uuids, version=st.sampled_from(["1.0", "1.0.0", "1.0.3"]), stored=moments, authority=agents | pairs)
statements = merged(events(objects | within), set_by_store)

# What version 2.0 adds: who else took part, and moments written with a space.
relevant = optional(relevantTypes=st.lists(iris, min_size=1, max_size=2))
context_agents = st.lists(merged(st.fixed_dictionaries({"objectType": st.just("contextAgent"), "agent": agents}), relevant), max_size=2)
context_groups = st.lists(merged(st.fixed_dictionaries({"objectType": st.just("contextGroup"), "group": groups}), relevant), max_size=2)
new_contexts = merged(contexts, optional(contextAgents=context_agents, contextGroups=context_groups))
new_statements = merged(
    statements,
    optional(
        context=new_contexts, timestamp=moments.map(lambda text: text.replace("T", " ")), version=st.sampled_from(["2.0", "2.0.0", "1.0.3"])
    ),
)
of_both = st.tuples(statements, st.just(Version.V1)) | st.tuples(new_statements, st.just(Version.V2))
