//! The words of a report on paper, in every language. Nothing else here says anything to people.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use surgery_report_domain::entity::{
    process::{DeviceKind, Step, TechnologyKind},
    report::Missing,
    sample::{Climate, VitalSign},
};

/// A language of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Italian,
}

impl Language {
    /// Its tag (RFC 5646).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Italian => &ITALIAN,
        }
    }
}

macro_rules! words {
    ($($name:ident: $english:literal, $italian:literal;)*) => {
        /// Every text of a report. A brace pair stands for what is put in.
        #[derive(serde::Serialize)]
        pub(crate) struct Words {
            #[serde(skip)]
            language: Language,
            $(pub(crate) $name: &'static str,)*
        }

        static ENGLISH: Words = Words { language: Language::English, $($name: $english,)* };
        static ITALIAN: Words = Words { language: Language::Italian, $($name: $italian,)* };

        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $italian),)*];
    };
}

words! {
    surgery_report: "Surgery report", "Referto chirurgico";
    completed: "Completed.", "Concluso.";
    interrupted: "Interrupted.", "Interrotto.";
    under_way: "Under way.", "In corso.";
    in_theatre: "{} min in the theatre.", "{} min in sala operatoria.";
    in_theatre_planned: "{} min in the theatre, {} planned.", "{} min in sala operatoria, {} previsti.";
    begun_on_time: "Begun on time.", "Iniziato in orario.";
    begun_late: "Begun {} min late.", "Iniziato con {} min di ritardo.";
    begun_early: "Begun {} min early.", "Iniziato con {} min di anticipo.";
    signs_in_range: "Vital signs in range throughout.", "Parametri vitali sempre nella norma.";
    signs_unknown: "No vital signs.", "Nessun parametro vitale.";
    outside_in: "{} outside its range in {}.", "{} fuori norma in: {}.";
    outside_more: "{} vital signs outside their ranges.", "{} parametri vitali fuori norma.";
    climate_in_range: "Environment in range throughout.", "Ambiente sempre nella norma.";
    climate_outside: "{} outside its range.", "{} fuori norma.";
    patient: "Patient", "Paziente";
    unknown_patient: "Identity not known", "Identità non nota";
    born: "born {}", "nato/a il {}";
    age: "{} years", "{} anni";
    surgery: "Surgery", "Intervento";
    from_to: "{} to {}", "dalle {} alle {}";
    since: "since {}", "dalle {}";
    planned_from_to: "planned {} to {}", "previsto dalle {} alle {}";
    responsible: "Responsible", "Responsabile";
    nobody: "Nobody named", "Nessuno indicato";
    signed_at: "signed {}", "firmato alle {}";
    not_signed: "not signed", "non firmato";
    team: "Team in theatre", "Équipe in sala";
    rooms: "Rooms", "Stanze";
    status: "Status", "Stato";
    settled: "Settled", "Definitivo";
    not_settled: "Not settled: late values may still change it", "Provvisorio: può ancora cambiare";
    version: "Version {}", "Versione {}";
    data: "Data", "Dati";
    coverage: "vital signs {} %, environment {} %", "parametri vitali {} %, ambiente {} %";
    timeline: "Timeline", "Cronologia";
    planned_in_theatre: "planned in theatre, {} to {}", "sala prevista dalle {} alle {}";
    steps: "Steps", "Fasi";
    step: "Step", "Fase";
    from: "From", "Dalle";
    to: "To", "Alle";
    minutes: "min", "min";
    room: "Room", "Stanza";
    vital_signs: "Vital signs", "Parametri vitali";
    environment: "Environment", "Ambiente";
    legend: "Grey bands are the usual ranges; gaps are times without values. In the tables, extremes outside the range are bold and underlined.", "Le fasce grigie sono gli intervalli usuali; le interruzioni sono periodi senza valori. Nelle tabelle gli estremi fuori intervallo sono in grassetto sottolineato.";
    no_vital_signs: "No vital signs in this step.", "Nessun parametro vitale in questa fase.";
    no_environment: "No values of this room in this step.", "Nessun valore della stanza in questa fase.";
    open_step: "Figures follow when the step ends.", "I valori seguiranno alla fine della fase.";
    course: "Course", "Andamento";
    mean: "Mean", "Media";
    weighted: "Weighted", "Ponderata";
    sd: "SD", "DS";
    min: "Min", "Min";
    max: "Max", "Max";
    samples: "Samples", "Campioni";
    technologies: "Technologies and implants", "Tecnologie e impianti";
    technologies_short: "Technologies", "Tecnologie";
    what: "What", "Cosa";
    kind: "Kind", "Tipo";
    before_entry: "before the patient", "prima del paziente";
    implanted: "implanted", "impiantato";
    still_in_use: "in use at the end", "in uso alla fine";
    endoscope: "endoscope", "endoscopio";
    xray: "X-ray", "raggi X";
    catheter: "catheter", "catetere";
    pacemaker: "pacemaker", "pacemaker";
    none_used: "None.", "Nessuna.";
    movements: "Staff movements", "Movimenti del personale";
    movements_note: "in the patient's rooms, {} door passages", "nelle stanze del paziente, {} passaggi";
    who: "Who", "Chi";
    role: "Role", "Ruolo";
    entered: "Entered", "Entrata";
    left: "Left", "Uscita";
    inside: "Inside", "Dentro";
    nobody_moved: "Nobody was recorded.", "Nessun movimento registrato.";
    before_start: "before", "prima";
    stayed: "stayed", "rimasto";
    additions: "Additions", "Aggiunte";
    no_additions: "None.", "Nessuna.";
    signed_by: "Signed by {}", "Firmato da {}";
    signed_note: "Version {}. A signed version accepts additions and never changes.", "Versione {}. Una versione firmata accetta aggiunte e non cambia più.";
    fingerprint: "SHA-256 {}", "SHA-256 {}";
    versions: "Versions", "Versioni";
    composed: "written by the system", "scritta dal sistema";
    composed_settled: "written by the system, settled", "scritta dal sistema, definitiva";
    regenerated: "made anew with late values", "rigenerata con i valori tardivi";
    added: "addition", "aggiunta";
    signed: "signed", "firmata";
    withdrawn: "withdrawn", "ritirata";
    differences: "Differences", "Differenze";
    between: "version {} to {}", "dalla versione {} alla {}";
    where_: "Where", "Dove";
    quantity: "Quantity", "Grandezza";
    more_differences: "and {} more", "e altre {}";
    other_content: "Other parts than figures have changed.", "Sono cambiate parti diverse dai valori.";
    withdrawn_notice: "Withdrawn: as is known now, this surgery never was.", "Ritirato: ora è noto che questo intervento non c'è mai stato.";
    incomplete_notice: "Incomplete. Missing: {}.", "Incompleto. Manca: {}.";
    end_missing: "the end of the surgery", "la fine dell'intervento";
    rooms_missing: "values of the rooms", "i valori delle stanze";
    patient_missing: "who the patient is", "l'identità del paziente";
    staff_missing: "movements of the staff", "i movimenti del personale";
    process_missing: "steps and vital signs", "fasi e parametri vitali";
    disclaimer: "Information, not a primary alarm or a diagnosis.", "Informazione, non è un allarme primario né una diagnosi.";
    page_of: "Page {} of {}", "Pagina {} di {}";
    contents: "Contents", "Indice";
    summary: "Summary", "Sintesi";
    emergency: "Emergency", "Emergenza";
    preparation: "Preparation", "Preparazione";
    on_table: "On table", "Sul tavolo";
    anaesthesia: "Anaesthesia", "Anestesia";
    in_progress: "Surgery", "Intervento";
    end_of_surgery: "End of surgery", "Fine intervento";
    observation: "Observation", "Osservazione";
    heart_rate: "Heart rate", "Frequenza cardiaca";
    diastolic: "Diastolic pressure", "Pressione diastolica";
    systolic: "Systolic pressure", "Pressione sistolica";
    respiration: "Respiratory rate", "Frequenza respiratoria";
    saturation: "Oxygen saturation", "Saturazione di ossigeno";
    body_temperature: "Body temperature", "Temperatura corporea";
    blood_pressure: "Blood pressure", "Pressione arteriosa";
    temperature: "Temperature", "Temperatura";
    humidity: "Humidity", "Umidità";
    luminosity: "Luminosity", "Luminosità";
    surgeon: "surgeon", "chirurgo";
    anesthetist: "anaesthetist", "anestesista";
    nurse: "nurse", "infermiere";
    chart_of: "{}: from {} to {}", "{}: da {} a {}";
}

/// A text with its brace pairs filled in, in order.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (part, value) in parts.zip(values.iter().copied().chain(std::iter::repeat(""))) {
        filled.push_str(value);
        filled.push_str(part);
    }
    filled
}

const MONTHS: [(&str, &str); 12] = [
    ("January", "gennaio"),
    ("February", "febbraio"),
    ("March", "marzo"),
    ("April", "aprile"),
    ("May", "maggio"),
    ("June", "giugno"),
    ("July", "luglio"),
    ("August", "agosto"),
    ("September", "settembre"),
    ("October", "ottobre"),
    ("November", "novembre"),
    ("December", "dicembre"),
];

/// From Monday on.
const WEEKDAYS: [(&str, &str); 7] = [
    ("Monday", "lunedì"),
    ("Tuesday", "martedì"),
    ("Wednesday", "mercoledì"),
    ("Thursday", "giovedì"),
    ("Friday", "venerdì"),
    ("Saturday", "sabato"),
    ("Sunday", "domenica"),
];

impl Words {
    pub(crate) fn step(&self, step: Step) -> &'static str {
        match step {
            Step::PatientInPreparation => self.preparation,
            Step::PatientOnOperatingTable => self.on_table,
            Step::Anesthesia => self.anaesthesia,
            Step::SurgeryInProgress => self.in_progress,
            Step::EndOfSurgery => self.end_of_surgery,
            Step::PatientUnderObservation => self.observation,
        }
    }

    pub(crate) fn vital_sign(&self, quantity: VitalSign) -> &'static str {
        match quantity {
            VitalSign::HeartBeat => self.heart_rate,
            VitalSign::DiastolicBloodPressure => self.diastolic,
            VitalSign::SystolicBloodPressure => self.systolic,
            VitalSign::RespiratoryRate => self.respiration,
            VitalSign::SaturationPercentage => self.saturation,
            VitalSign::BodyTemperature => self.body_temperature,
        }
    }

    pub(crate) fn climate(&self, quantity: Climate) -> &'static str {
        match quantity {
            Climate::Temperature => self.temperature,
            Climate::Humidity => self.humidity,
            Climate::Luminosity => self.luminosity,
        }
    }

    pub(crate) fn technology(&self, kind: Option<TechnologyKind>) -> &'static str {
        match kind {
            Some(TechnologyKind::Endoscope) => self.endoscope,
            Some(TechnologyKind::Xray) => self.xray,
            None => "",
        }
    }

    pub(crate) fn device(&self, kind: Option<DeviceKind>) -> &'static str {
        match kind {
            Some(DeviceKind::Catheter) => self.catheter,
            Some(DeviceKind::Pacemaker) => self.pacemaker,
            None => "",
        }
    }

    pub(crate) fn missing(&self, missing: Missing) -> &'static str {
        match missing {
            Missing::End => self.end_missing,
            Missing::BuildingManagement => self.rooms_missing,
            Missing::PatientManagement => self.patient_missing,
            Missing::StaffTracking => self.staff_missing,
            Missing::SurgicalProcessMonitoring => self.process_missing,
        }
    }

    /// A role in the words of user management; an unknown one as it is.
    pub(crate) fn role_of(&self, role: &str) -> String {
        match role.to_ascii_lowercase().as_str() {
            "surgeon" => self.surgeon.to_owned(),
            "anesthetist" | "anaesthetist" => self.anesthetist.to_owned(),
            "nurse" => self.nurse.to_owned(),
            other => other.replace('_', " "),
        }
    }

    fn of<'a>(&self, pair: &(&'a str, &'a str)) -> &'a str {
        match self.language {
            Language::English => pair.0,
            Language::Italian => pair.1,
        }
    }

    /// A date as people write it.
    pub(crate) fn date(&self, date: Date) -> String {
        let month = usize::try_from(date.month()).ok().and_then(|it| MONTHS.get(it - 1));
        format!("{} {} {}", date.day(), month.map_or("", |it| self.of(it)), date.year())
    }

    /// A date with its weekday.
    pub(crate) fn day(&self, date: Date) -> String {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok();
        let weekday = weekday.and_then(|it| WEEKDAYS.get(it)).map_or("", |it| self.of(it));
        format!("{weekday} {}", self.date(date))
    }

    /// An instant with its date, to the minute.
    pub(crate) fn moment(&self, at: Timestamp, zone: &TimeZone) -> String {
        let local = at.to_zoned(zone.clone());
        format!("{}, {:02}:{:02}", self.date(local.date()), local.hour(), local.minute())
    }

    /// A number with so many decimals.
    pub(crate) fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        // Minus zero says nothing.
        let text = if text.trim_start_matches(['-', '0', '.']).is_empty() {
            text.trim_start_matches('-').to_owned()
        } else {
            text
        };
        match self.language {
            Language::English => text,
            Language::Italian => text.replace('.', ","),
        }
    }
}

/// The time of day, to the minute.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    format!("{:02}:{:02}", local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_everything_with_the_same_places() {
        for (name, english, italian) in PAIRS {
            assert!(!english.is_empty() && !italian.is_empty(), "{name}");
            assert_eq!(english.matches("{}").count(), italian.matches("{}").count(), "{name}");
        }
    }

    #[test]
    fn what_is_put_in() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("{} of {}", &["1"]), "1 of ");
        assert_eq!(fill("plain", &["1"]), "plain");
    }

    #[test]
    fn dates_and_numbers_as_people_write_them() {
        let at: Timestamp = "2026-05-15T22:31:00Z".parse().unwrap();
        let rome = TimeZone::get("Europe/Rome").unwrap();
        assert_eq!(ENGLISH.moment(at, &rome), "16 May 2026, 00:31");
        assert_eq!(ITALIAN.moment(at, &TimeZone::UTC), "15 maggio 2026, 22:31");
        assert_eq!(ITALIAN.day(at.to_zoned(TimeZone::UTC).date()), "venerdì 15 maggio 2026");
        assert_eq!(ITALIAN.number(21.46, 1), "21,5");
        assert_eq!(ENGLISH.number(-0.04, 1), "0.0");
    }
}
