"""The one place where tincan is used: what our own statements are built of, and the client of the tests that speak to the store as an
outside program does.

It knows version 1.0.x alone and makes of what it reads what it can write: nothing of others may pass through it. It rewrites durations
and numbers, cuts moments to milliseconds, drops nulls in extensions, refuses identifiers of version 7, authorities that are groups and
everything of 2.0; its client has no time-out and no attachments. `tests/lrs/test_building.py` shows each of these.
"""

from tincan import (
    Activity,
    ActivityDefinition,
    Agent,
    AgentAccount,
    Context,
    ContextActivities,
    Extensions,
    InteractionComponent,
    InteractionComponentList,
    LanguageMap,
    RemoteLRS,
    Result,
    Statement,
    StatementRef,
    Verb,
)

__all__ = [
    "Activity",
    "ActivityDefinition",
    "Agent",
    "AgentAccount",
    "Context",
    "ContextActivities",
    "Extensions",
    "InteractionComponent",
    "InteractionComponentList",
    "LanguageMap",
    "RemoteLRS",
    "Result",
    "Statement",
    "StatementRef",
    "Verb",
]
