//! (decisions, observed) -> Plan.
