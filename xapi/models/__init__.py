from __future__ import annotations

from xapi.models.documents import ActivityProfile, AgentProfile, Document, State
from xapi.models.identities import Activity, Agent, Verb
from xapi.models.mentions import ActivityMention, AgentMention, Target
from xapi.models.senders import RefusedStatement, SenderRules
from xapi.models.statements import Attachment, ErasedStatement, Statement

__all__ = [
    "Activity",
    "ActivityMention",
    "ActivityProfile",
    "Agent",
    "AgentMention",
    "AgentProfile",
    "Attachment",
    "Document",
    "ErasedStatement",
    "RefusedStatement",
    "SenderRules",
    "State",
    "Statement",
    "Target",
    "Verb",
]
