//! Between the wire and the domain: what other services tell, and what this one answers.

mod answers;
mod told;

pub(crate) use answers::{CaseV1, CauseV1, CausesV1, Dates, DayV1, FiguresOfV1, problem};
pub(crate) use told::{ClimateV1, HistoryV1, ProcessV1, Unfit, plan};
