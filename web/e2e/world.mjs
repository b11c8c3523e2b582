/** The made-up block of the journeys: four theatres on 15 May 2026, 10:42 in Rome. All invented. */

export const NOW = Date.parse("2026-05-15T08:42:00Z");
const MINUTE = 60_000;
export const iso = (minutesBefore) => new Date(NOW - minutesBefore * MINUTE).toISOString();

export const rooms = [
  ...[1, 2, 3, 4].map((n) => ({ id: `or-${n}`, name: `OR ${n}`, zoneId: "zone-1", type: "OPERATING_ROOM" })),
  ...[1, 2].map((n) => ({ id: `pre-${n}`, name: `Pre/post ${n}`, zoneId: "zone-1", type: "PRE_OPERATING_ROOM" })),
];

const box = (x, y, w, h) => ({ x, y, w, h });

/** Where the rooms are, where somebody has placed them; one was forgotten. */
export const layouts = { "or-1": box(0, 0, 6, 4), "or-2": box(6, 0, 6, 4), "or-3": box(12, 0, 6, 4), "or-4": box(18, 0, 6, 4), "pre-1": box(0, 6, 9, 4) };

export const people = [
  ["hp-1", "Sara", "Neri", "SURGEON", "or-2"],
  ["hp-2", "Luca", "Conti", "ANESTHETIST", "or-2"],
  ["hp-3", "Marta", "Riva", "NURSE", "or-2"],
  ["hp-4", "Aldo", "Galli", "NURSE", "or-2"],
  ["hp-5", "Bruno", "Moro", "SURGEON", "or-1"],
  ["hp-6", "Gaia", "Testa", "ANESTHETIST", "or-1"],
  ["hp-7", "Rita", "Longo", "NURSE", "or-1"],
  ["hp-8", "Nora", "Ferri", "NURSE", "pre-1"],
].map(([id, name, surname, role, room]) => ({ id, name, surname, role, room }));

const place = (id, type) => ({ id: { id }, type });

function process({ id, patient, type, room, state, step, surgery, steps, leave, pre = "pre-1", post = null }) {
  const begin = steps[0][1];
  const table = steps.find(([name]) => name === "PATIENT_ON_OPERATING_TABLE")?.[1];
  const stays = [{ roomId: pre, roomType: "PRE_POST_OPERATING_ROOM", from: iso(begin), to: table === undefined ? null : iso(table + 1) }];
  if (table !== undefined) stays.push({ roomId: room, roomType: "OPERATING_ROOM", from: iso(table + 1), to: leave === undefined ? null : iso(leave) });
  if (leave !== undefined && post !== null) stays.push({ roomId: post, roomType: "PRE_POST_OPERATING_ROOM", from: iso(leave), to: null });
  const entry = {
    processId: id,
    dateTime: iso(begin),
    type,
    patientId: patient,
    healthProfessionalId: "hp-1",
    preOperatingRoom: place(pre, "PRE_POST_OPERATING_ROOM"),
    operatingRoom: room === null ? null : place(room, "OPERATING_ROOM"),
    postOperatingRoom: post === null ? null : place(post, "PRE_POST_OPERATING_ROOM"),
    state,
    step,
    surgeryId: surgery,
    stale: false,
  };
  const detail = {
    ...entry,
    endDateTime: null,
    settled: false,
    version: steps.length,
    patientTaxCode: "ZZZXXX01A01Z000X",
    rooms: stays,
    devices: id === "process-2" ? [{ id: "catheter-7", type: "CATHETER", dateTime: iso(48) }] : [],
    medicalTechnologyUsage:
      id === "process-2"
        ? [{ dateTime: iso(14), roomId: room, medicalTechnology: { id: "t-1", name: "Endoscope 1", type: "ENDOSCOPE", inUse: true } }]
        : [],
    technologiesInUseAtEntry: [],
  };
  const history = steps.map(([value, at]) => ({ dateTime: iso(at), kind: "STEP", value, reason: null }));
  return { entry, detail, history };
}

export const processes = [
  process({
    id: "process-1", patient: "patient-0391", type: "Hip replacement", room: "or-1", state: "SURGERY", step: "SURGERY_IN_PROGRESS", surgery: "s-1",
    steps: [["PATIENT_IN_PREPARATION", 130], ["PATIENT_ON_OPERATING_TABLE", 100], ["ANESTHESIA", 92], ["SURGERY_IN_PROGRESS", 72]],
  }),
  process({
    id: "process-2", patient: "patient-0417", type: "Appendectomy", room: "or-2", state: "SURGERY", step: "SURGERY_IN_PROGRESS", surgery: "s-2",
    steps: [["PATIENT_IN_PREPARATION", 88], ["PATIENT_ON_OPERATING_TABLE", 61], ["ANESTHESIA", 53], ["SURGERY_IN_PROGRESS", 35]],
  }),
  process({
    id: "process-3", patient: "patient-0424", type: "Knee arthroscopy", room: null, state: "PRE_SURGERY", step: "PATIENT_IN_PREPARATION", surgery: "s-4",
    steps: [["PATIENT_IN_PREPARATION", 6]],
  }),
  process({
    id: "process-4", patient: "patient-0398", type: "Cholecystectomy", room: "or-3", state: "POST_SURGERY", step: "PATIENT_UNDER_OBSERVATION", surgery: "s-3", leave: 21, post: "pre-2",
    steps: [["PATIENT_IN_PREPARATION", 200], ["PATIENT_ON_OPERATING_TABLE", 180], ["ANESTHESIA", 168], ["SURGERY_IN_PROGRESS", 145], ["END_OF_SURGERY", 35], ["PATIENT_UNDER_OBSERVATION", 21]],
  }),
];

const booking = (surgeryID, patientID, surgeryType, room, before, minutes, status, processId = null) => ({
  surgeryID, surgeryType, patientID, healthcareUserID: "ZZZXXX01A01Z000X", healthProfessionalID: "hp-1", surgeryDateTime: iso(before),
  operatingRoomId: room, expectedDurationMinutes: minutes, status, processId,
});

export const bookings = [
  booking("s-a", "patient-0385", "Hernia repair", "or-1", 152, 30, "DONE", "process-a"),
  booking("s-0", "patient-0402", "Laparoscopic cholecystectomy", "or-2", 137, 35, "DONE", "process-0"),
  booking("s-b", "patient-0388", "Tonsillectomy", "or-4", 155, 45, "DONE", "process-b"),
  booking("s-1", "patient-0391", "Hip replacement", "or-1", 84, 70, "IN_PROGRESS", "process-1"),
  booking("s-2", "patient-0417", "Appendectomy", "or-2", 37, 55, "IN_PROGRESS", "process-2"),
  booking("s-3", "patient-0398", "Cholecystectomy", "or-3", 150, 110, "IN_PROGRESS", "process-4"),
  booking("s-4", "patient-0424", "Knee arthroscopy", "or-1", -48, 75, "IN_PROGRESS", "process-3"),
  booking("s-5", "patient-0420", "Hernia repair", "or-3", -18, 90, "BOOKED"),
  booking("s-6", "patient-0431", "Cholecystectomy", "or-2", -65, 80, "BOOKED"),
  booking("s-7", "patient-0428", "Thyroidectomy", "or-4", -198, 90, "BOOKED"),
  booking("s-8", "patient-0440", "Hernia repair", "or-4", -300, 60, "CANCELLED"),
];

const dayCase = (surgeryId, processId, patient, surgeryType, room, plannedBefore, plannedMinutes, status, { enter, begin, end, leave, late = null, delay = null } = {}) => ({
  surgeryId, processId, patientId: patient, operatingRoomId: room, surgeryType, plannedStart: iso(plannedBefore), plannedMinutes, status, state: null, step: null,
  theatre: enter === undefined ? [] : [{ operatingRoomId: room, from: iso(enter), to: leave === undefined ? null : iso(leave) }],
  surgeryStart: begin === undefined ? null : iso(begin), surgeryEnd: end === undefined ? null : iso(end), endDateTime: null, settled: false, late, delay,
  environment: begin === undefined ? null : { inRangeMinutes: 30, knownMinutes: 31, surgeryMinutes: 35 },
});

/** The day as plan and actual see it. */
export const dayCases = [
  dayCase("s-a", "process-a", "patient-0385", "Hernia repair", "or-1", 152, 30, "DONE", { enter: 170, begin: 150, end: 130, leave: 124 }),
  dayCase("s-0", "process-0", "patient-0402", "Laparoscopic cholecystectomy", "or-2", 137, 35, "DONE", { enter: 156, begin: 131, end: 96, leave: 86 }),
  dayCase("s-3", "process-4", "patient-0398", "Cholecystectomy", "or-3", 150, 110, "IN_PROGRESS", { enter: 181, begin: 145, end: 35, leave: 21 }),
  dayCase("s-b", "process-b", "patient-0388", "Tonsillectomy", "or-4", 155, 45, "DONE", { enter: 160, begin: 128, end: 85, leave: 75, late: { kind: "START", minutes: 27 }, delay: { cause: "STAFF", by: "nurse", at: iso(120) } }),
  dayCase("s-1", "process-1", "patient-0391", "Hip replacement", "or-1", 84, 70, "IN_PROGRESS", { enter: 101, begin: 72, late: { kind: "START", minutes: 12 } }),
  dayCase("s-2", "process-2", "patient-0417", "Appendectomy", "or-2", 37, 55, "IN_PROGRESS", { enter: 62, begin: 35 }),
  dayCase("s-4", "process-3", "patient-0424", "Knee arthroscopy", "or-1", -48, 75, "IN_PROGRESS"),
  dayCase("s-5", null, "patient-0420", "Hernia repair", "or-3", -18, 90, "BOOKED"),
  dayCase("s-6", null, "patient-0431", "Cholecystectomy", "or-2", -65, 80, "BOOKED"),
  dayCase("s-7", null, "patient-0428", "Thyroidectomy", "or-4", -198, 90, "BOOKED"),
  dayCase("s-8", null, "patient-0440", "Hernia repair", "or-4", -300, 60, "CANCELLED"),
];

export const causes = [
  ["PATIENT", "Patient not ready", "Paziente non pronto"],
  ["STAFF", "Staff not there", "Personale assente"],
  ["ROOM", "Theatre not ready", "Sala non pronta"],
  ["EQUIPMENT", "Equipment or implant", "Strumenti o impianti"],
  ["BEFORE", "Case before took longer", "Intervento precedente"],
  ["EMERGENCY", "Emergency in between", "Urgenza inserita"],
  ["ANAESTHESIA", "Anaesthesia took longer", "Anestesia più lunga"],
  ["OTHER", "Other", "Altro"],
].map(([id, en, it]) => ({ id, en, it }));

const figuresOf = (cases, scale = 1, causes = []) => ({
  firstCases: { count: cases > 0 ? Math.max(1, Math.round(4 * scale)) : 0, onTime: cases > 0 ? Math.round(3 * scale) : 0 },
  turnover: cases > 1 ? { count: Math.round(2 * scale), medianMinutes: 23.5, meanMinutes: 24 + scale } : { count: 0, medianMinutes: null, meanMinutes: null },
  use: { patientMinutes: cases * 62.4, staffedMinutes: 480 * scale },
  duration: cases > 0 ? { count: cases, medianMinutes: 4, meanMinutes: 7 - cases } : { count: 0, medianMinutes: null, meanMinutes: null },
  dayEnd: cases > 0 ? { count: 4, meanMinutes: cases - 9 } : { count: 0, meanMinutes: null },
  delays: { count: causes.length, minutes: causes.reduce((sum, it) => sum + it.minutes, 0), causes },
  environment: { inRangeMinutes: cases * 33, knownMinutes: cases * 34, surgeryMinutes: cases * 36 },
});
const lateBy = (cause, minutes) => ({ cause, count: 1, minutes });

/** Made-up key figures of a span of days: nobody operates at the weekend. */
export function figures(from, to) {
  const days = [];
  for (let at = Date.parse(`${from}T12:00:00Z`); at <= Date.parse(`${to}T12:00:00Z`); at += 86_400_000) {
    const date = new Date(at);
    const cases = [0, 6].includes(date.getUTCDay()) ? 0 : 5 + (date.getUTCDate() % 3);
    days.push({ day: date.toISOString().slice(0, 10), figures: figuresOf(cases, cases === 0 ? 0 : 1, cases === 0 ? [] : [lateBy(null, 12)]) });
  }
  const isAny = days.some((it) => it.figures.firstCases.count > 0);
  const all = isAny ? [lateBy("STAFF", 27), { cause: null, count: 2, minutes: 24 }, lateBy("EQUIPMENT", 16)] : [];
  return {
    from, to, days, total: figuresOf(isAny ? 6 : 0, isAny ? 1 : 0, all),
    theatres: rooms.filter((it) => it.type === "OPERATING_ROOM").map((it, index) => ({ operatingRoomId: it.id, figures: figuresOf(isAny ? 4 - index : 0, 0.9 - index / 5, isAny && index === 3 ? [lateBy("STAFF", 27)] : []) })),
  };
}

/** What a patient is called on shared screens. */
export const codeOf = (patient) => patient.replace("patient-", "P-");

/** A smooth made-up value: the same at the same instant, whoever asks. */
export function wave(seed, at, middle, width) {
  const x = at / 60_000;
  return middle + width * (0.6 * Math.sin(x / 4 + seed) + 0.3 * Math.sin(x / 1.3 + seed * 2) + 0.1 * Math.sin(x * 2.1 + seed));
}

export function climate(room, from, to) {
  const seed = rooms.findIndex((it) => it.id === room);
  const entries = [];
  for (let at = Math.max(from, NOW - 240 * MINUTE); at <= Math.min(NOW, to); at += 30_000) {
    const date = new Date(at).toISOString();
    const humidity = room === "or-2" ? Math.min(63, 50 + Math.max(0, (at - (NOW - 40 * MINUTE)) / MINUTE) * 0.45) : wave(seed, at, 50, 2);
    const entry = {
      temperature: { value: Number(wave(seed, at, 21.2 + seed * 0.1, 0.3).toFixed(1)), unit: "CELSIUS" },
      humidity: Number(humidity.toFixed(0)),
      luminosity: { value: Number(wave(seed, at, 98, 2).toFixed(0)), unit: "LUX" },
      presence: true,
    };
    for (const quantity of ["temperature", "humidity", "luminosity"]) entries.push({ date, quantity, entry });
  }
  return { entries, total: entries.length, next: null };
}

/** The vital signs of a surgery that is over: a monitor connected late, a desaturation, a gap. */
export function recorded(from, to) {
  const entries = [];
  for (let at = Math.max(from, NOW - 154 * MINUTE); at <= to; at += 30_000) {
    const before = (NOW - at) / MINUTE;
    const isLow = before > 112 && before < 115;
    const add = (quantity, value, unit) => entries.push({ dateTime: new Date(at).toISOString(), quantity, value, unit });
    add("heartBeat", Math.round(wave(1, at, 75, 6)), "/min");
    add("saturationPercentage", isLow ? 92 : Math.round(wave(2, at, 97.5, 1)), "%");
    add("systolicBloodPressure", Math.round(wave(3, at, 124, 6)), "mm[Hg]");
    add("diastolicBloodPressure", Math.round(wave(4, at, 78, 4)), "mm[Hg]");
    add("respiratoryRate", Math.round(wave(5, at, 14, 2)), "/min");
    if (before > 112 || before < 96) add("bodyTemperature", Number(wave(6, at, 36.6, 0.2).toFixed(1)), "Cel");
  }
  return { entries, total: entries.length, next: null };
}

export function vitals(id, from) {
  const begin = Math.max(from, NOW - 86 * MINUTE);
  const entries = [];
  const seed = Number(id.at(-1));
  for (let at = begin; at <= NOW; at += 10_000) {
    const dateTime = new Date(at).toISOString();
    const before = (NOW - at) / MINUTE;
    const isGap = before > 38 && before < 42;
    const add = (quantity, value, unit) => entries.push({ dateTime, quantity, value, unit });
    add("heartBeat", Math.round(wave(seed, at, 73, 6)), "/min");
    if (!isGap) add("saturationPercentage", Math.round(wave(seed + 1, at, 98, 1.2)), "%");
    add("systolicBloodPressure", Math.round(wave(seed + 2, at, 120, 6)), "mm[Hg]");
    add("diastolicBloodPressure", Math.round(wave(seed + 3, at, 77, 4)), "mm[Hg]");
    add("respiratoryRate", Math.round(wave(seed + 4, at, 14, 2)), "/min");
    if (before > 30) add("bodyTemperature", Number(wave(seed + 5, at, 36.5, 0.2).toFixed(1)), "Cel");
  }
  return { entries, total: entries.length, next: null };
}

const decision = (before, actuatorType, action, intensity, quantity, value, unit, owner, measured) => ({
  id: `or-2/${before}/${actuatorType}`, roomId: "or-2", dateTime: iso(before), rule: "RULE", explanation: "made up",
  inputs: { trigger: "MEASUREMENT", causeId: "c", causeDateTime: iso(before), measured: measured === null ? null : { value: measured, dateTime: iso(before) }, tolerance: 0.5, found: null },
  target: { quantity, value, unit, owner, medicalTechnologyType: null },
  command: { actuatorType, actuatorId: `${actuatorType}-or-2`, action, intensity },
  outcome: { status: "CONFIRMED", reason: null, attempts: 1, sentDateTime: iso(before), endedDateTime: iso(before) },
});

export const decisions = [
  decision(35, "AMBIENT_LIGHT", "setIntensity", 100, "AMBIENT_LIGHT", 100, "lx", "SURGERY_IN_PROGRESS", null),
  decision(35, "SURGICAL_LIGHT", "setIntensity", 100, "SURGICAL_LIGHT", 100000, "lx", "SURGERY_IN_PROGRESS", null),
  decision(28, "VENTILATION", "setIntensity", 100, "HUMIDITY", 50, "%", "SURGERY_IN_PROGRESS", 51),
  decision(18, "COOLING", "on", null, "TEMPERATURE", 21, "°C", "SURGERY_IN_PROGRESS", 21.6),
];

export const technologies = [
  { id: "t-1", name: "Endoscope 1", description: "Endoscope 1", type: "ENDOSCOPE", inUse: true, roomId: "or-2" },
  { id: "t-2", name: "Endoscope 2", description: "Endoscope 2", type: "ENDOSCOPE", inUse: false, roomId: null },
  { id: "t-3", name: "X-ray 1", description: "X-ray 1", type: "XRAY", inUse: false, roomId: "or-3" },
];

const sample = { count: 12, first: iso(300), last: iso(200), secondsCovered: 580 };
const signs = (heart, saturation, high, low, breath, warmth) => ({
  heartBeat: heart, saturationPercentage: saturation, systolicBloodPressure: high, diastolicBloodPressure: low, respiratoryRate: breath, bodyTemperature: { value: warmth, unit: "CELSIUS" },
});
const air = (t, h, l) => ({ temperature: { value: t, unit: "CELSIUS" }, humidity: h, luminosity: { value: l, unit: "LUX" }, presence: null });
const ofRoom = {
  average: air(21.3, 50, 104), std: air(0.1, 0.4, 1), minimum: air(21.1, 49, 103), maximum: air(21.6, 51, 106), timeWeightedAverage: air(21.3, 50, 104),
  samples: { temperature: sample, humidity: sample, luminosity: sample },
};
const stepNames = ["PATIENT_IN_PREPARATION", "PATIENT_ON_OPERATING_TABLE", "ANESTHESIA", "SURGERY_IN_PROGRESS", "END_OF_SURGERY", "PATIENT_UNDER_OBSERVATION"];
const stepStarts = [184, 156, 148, 131, 96, 86, 37];
const steps = stepNames.map((step, index) => ({
  step, startDateTime: iso(stepStarts[index]), stopDateTime: iso(stepStarts[index + 1]),
  patientVitalSignAggregateData: {
    average: signs(77, 97.7, 125, 77, 13, 36.6), std: signs(3.2, 0.8, 3, 2, 0.9, 0.1), minimum: signs(69, index === 3 ? 91.9 : 96.9, 118, 71, 11, 36.4),
    maximum: signs(index === 2 ? 92 : 84, 99, 134, 84, 16, 36.7), timeWeightedAverage: signs(77, 97.8, 125, 77, 13, 36.6),
    samples: { heartBeat: sample, saturationPercentage: sample, systolicBloodPressure: sample, diastolicBloodPressure: sample, respiratoryRate: sample, bodyTemperature: sample },
  },
  environmentalAggregateData: { OPERATING_ROOM: ofRoom },
  environmentByRoom: { [index === 0 || index === 5 ? "pre-1" : "or-2"]: ofRoom },
}));

export const report = {
  surgicalProcessID: "process-0", surgeryDate: iso(184), endDateTime: iso(37), surgicalProcessDescription: "Laparoscopic cholecystectomy", patientID: "patient-0402",
  roomsInvolved: [{ id: "pre-1", type: "PRE_OPERATING_ROOM" }, { id: "or-2", type: "OPERATING_ROOM" }], inChargeHealthProfessionalID: "hp-1",
  healthcareUser: { taxCode: "ZZZXXX01A01Z000X", name: "Giorgio", surname: "Mele" }, finalState: "TERMINATED", settled: true, complete: true, missing: [], surgeryId: "s-0",
  steps, stepData: Object.fromEntries(steps.map(({ step, ...rest }) => [step, rest])),
  consumedImplantableMedicalDevice: [{ id: "catheter-1", type: "CATHETER" }], curvesDigest: "00",
  healthProfessionalTrackingInformation: people.slice(0, 4).map((it, index) => ({ dateTime: iso(150 - index), healthProfessionalId: it.id, roomID: "or-2", trackType: "ENTER" })),
  healthProfessionalsPresentAtStart: [], technologiesInUseAtEntry: [],
  medicalTechnologyUsageData: [{ dateTime: iso(126), medicalTechnology: { id: "t-1", name: "Endoscope 1", type: "ENDOSCOPE", inUse: true } }],
  additionalData: "", additions: [{ author: { id: "hp-2", name: "Dino Leone" }, dateTime: iso(24), text: "Desaturation followed a displaced probe; repositioned, no clinical consequence.", version: 3 }],
  revision: 3, version: 3, signature: null, signedVersion: null,
};

/** The report as a version said it: the second had fewer heart rates in anaesthesia. */
export function versionOf(version) {
  const told = JSON.parse(JSON.stringify({ ...report, version }));
  if (version < 3) {
    const signs = told.steps[2].patientVitalSignAggregateData;
    signs.average.heartBeat = 76.2;
    signs.samples.heartBeat = { ...sample, count: 10, last: iso(210) };
    told.complete = false;
  }
  return told;
}
