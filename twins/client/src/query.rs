//! Questions to the twin graph, and the only place where a value enters a query's text.
//!
//! Collection aliases and property names are `&'static str`, so they come from code; ids and other
//! values come from outside and pass through [`quote`]. A text made by hand cannot become a
//! [`Query`].

use serde_json::Value;

use crate::models;

/// A query whose values are all quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(String);

/// Writes a text literal of the query language: in single quotes, with `\` and `'` escaped.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal.push('\'');
    literal
}

/// A query that is being put together: twins, what they are related to, and conditions that all
/// hold.
#[derive(Debug, Clone)]
pub struct Selection {
    from: String,
    conditions: Vec<String>,
}

impl Query {
    /// Starts with all twins under an alias.
    pub fn twins(alias: &'static str) -> Selection {
        Selection { from: format!("DIGITALTWINS {alias}"), conditions: Vec::new() }
    }

    /// The whole twin of an id: one row with its members, or none.
    pub fn twin(id: &str) -> Query {
        Query(format!("SELECT * FROM DIGITALTWINS WHERE $dtId = {}", quote(id)))
    }

    /// Whole twins of a model or of one that extends it.
    pub fn twins_of_model(model: &str) -> Query {
        Query(format!("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL({})", quote(model)))
    }

    /// Where a medical technology is located.
    pub fn room_of_technology(technology: &str) -> Query {
        Query::twins("T")
            .join("CT", "T", models::REL_IS_LOCATED)
            .with_id("T", technology)
            .first_id_of("CT")
    }

    /// An actuator of a kind (the model's enumeration, 0 to 4) in a room.
    pub fn actuator_in_room(room: &str, kind: u8) -> Query {
        Query::twins("T")
            .join("CT", "T", models::REL_HAS_ACTUATOR)
            .with_id("T", room)
            .with_equal("CT", "type", kind)
            .first_id_of("CT")
    }

    /// A process inside a room.
    pub fn process_inside_room(room: &str) -> Query {
        Query::twins("Process")
            .join("Room", "Process", models::REL_IS_INSIDE)
            .with_id("Room", room)
            .with_model("Process", models::SURGICAL_PROCESS)
            .first_id_of("Process")
    }

    /// A booking of a patient.
    pub fn booking_of_patient(patient: &str) -> Query {
        Query::twins("T")
            .join("CT", "T", models::REL_BOOKING_ASSOCIATED_PATIENT)
            .with_id("CT", patient)
            .first_id_of("T")
    }

    /// The patient of a process.
    pub fn patient_of_process(process: &str) -> Query {
        Query::twins("SurgicalProcess")
            .join("Patient", "SurgicalProcess", models::REL_INVOLVE_PATIENT)
            .with_id("SurgicalProcess", process)
            .first_id_of("Patient")
    }

    /// The healthcare user whom a patient is.
    pub fn healthcare_user_of_patient(patient: &str) -> Query {
        Query::twins("T")
            .join("CT", "T", models::REL_IS_ASSOCIATED)
            .with_id("T", patient)
            .first_id_of("CT")
    }

    /// All processes that involve a patient.
    pub fn processes_of_patient(patient: &str) -> Query {
        Query::twins("Process")
            .join("Patient", "Process", models::REL_INVOLVE_PATIENT)
            .with_id("Patient", patient)
            .ids_of("Process")
    }

    /// All rooms that a person (patient or health professional) is inside of.
    pub fn rooms_of_person(person: &str) -> Query {
        Query::twins("Person")
            .join("Room", "Person", models::REL_IS_INSIDE)
            .with_id("Person", person)
            .ids_of("Room")
    }

    /// All implantable devices that a process uses.
    pub fn devices_of_process(process: &str) -> Query {
        Query::twins("Process")
            .join("Device", "Process", models::REL_USE)
            .with_id("Process", process)
            .ids_of("Device")
    }

    /// The query's text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Selection {
    /// Goes along relationships of a name from one alias to another.
    #[must_use]
    pub fn join(
        mut self,
        alias: &'static str,
        from: &'static str,
        relationship: &'static str,
    ) -> Selection {
        for part in [" JOIN ", alias, " RELATED ", from, ".", relationship] {
            self.from.push_str(part);
        }
        self
    }

    /// Only the twin of an id. A query with a join needs one such condition.
    #[must_use]
    pub fn with_id(self, alias: &'static str, id: &str) -> Selection {
        self.with(format!("{alias}.$dtId = {}", quote(id)))
    }

    /// Only twins of a model or of one that extends it.
    #[must_use]
    pub fn with_model(self, alias: &'static str, model: &str) -> Selection {
        self.with(format!("IS_OF_MODEL({alias}, {})", quote(model)))
    }

    /// Only twins whose property equals a text, number or truth value. Other values are compared
    /// by their JSON text, which equals nothing.
    #[must_use]
    pub fn with_equal(
        self,
        alias: &'static str,
        property: &'static str,
        value: impl Into<Value>,
    ) -> Selection {
        let literal = match value.into() {
            Value::String(text) => quote(&text),
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            other => quote(&other.to_string()),
        };
        self.with(format!("{alias}.{property} = {literal}"))
    }

    /// The ids of all matches, in rows `{"$dtId": …}`.
    pub fn ids_of(self, alias: &'static str) -> Query {
        Query(format!("SELECT {alias}.$dtId FROM {}", self.tail()))
    }

    /// The id of one match, in a row `{"$dtId": …}`.
    pub fn first_id_of(self, alias: &'static str) -> Query {
        Query(format!("SELECT TOP(1) {alias}.$dtId FROM {}", self.tail()))
    }

    fn with(mut self, condition: String) -> Selection {
        self.conditions.push(condition);
        self
    }

    fn tail(self) -> String {
        if self.conditions.is_empty() {
            self.from
        } else {
            format!("{} WHERE {}", self.from, self.conditions.join(" AND "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, quote};

    #[test]
    fn values_cannot_leave_their_literal() {
        assert_eq!(quote("room-1"), "'room-1'");
        assert_eq!(quote("x' OR 'a' = 'a"), r"'x\' OR \'a\' = \'a'");
        assert_eq!(quote(r"ends with \"), r"'ends with \\'");
    }

    #[test]
    fn the_blocks_questions_have_the_contracts_text() {
        let cases = [
            (
                Query::room_of_technology("t-1"),
                "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_is_located \
                 WHERE T.$dtId = 't-1'",
            ),
            (
                Query::actuator_in_room("r-1", 3),
                "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_has_actuator \
                 WHERE T.$dtId = 'r-1' AND CT.type = 3",
            ),
            (
                Query::process_inside_room("r-1"),
                "SELECT TOP(1) Process.$dtId FROM DIGITALTWINS Process JOIN Room RELATED \
                 Process.rel_is_inside WHERE Room.$dtId = 'r-1' AND IS_OF_MODEL(Process, \
                 'dtmi:io:github:smartoperatingblock:SurgicalProcess;1')",
            ),
            (
                Query::booking_of_patient("p-1"),
                "SELECT TOP(1) T.$dtId FROM DIGITALTWINS T JOIN CT RELATED \
                 T.rel_booking_associated_patient WHERE CT.$dtId = 'p-1'",
            ),
            (
                Query::patient_of_process("s-1"),
                "SELECT TOP(1) Patient.$dtId FROM DIGITALTWINS SurgicalProcess JOIN Patient \
                 RELATED SurgicalProcess.rel_involve_patient WHERE SurgicalProcess.$dtId = 's-1'",
            ),
            (Query::twin("x"), "SELECT * FROM DIGITALTWINS WHERE $dtId = 'x'"),
        ];
        for (query, expected) in cases {
            assert_eq!(query.text(), expected);
        }
    }
}
