/**
 * A gateway made up for the journeys: it serves the built application under the real one's policy,
 * and the made-up block. Who signs in chooses what is wrong with it: `nurse.partial`, `nurse.empty`,
 * `nurse.error`, `nurse.slow`; the part before the dot is the role.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { portal } from "./portal.mjs";
import * as world from "./world.mjs";

export const DIST = new URL("../dist", import.meta.url).pathname;
const TYPES = { js: "text/javascript", css: "text/css", html: "text/html", svg: "image/svg+xml", woff2: "font/woff2" };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ROLES = { nurse: ["nurse"], surgeon: ["surgeon"], manager: ["block-manager"], display: ["display"], developer: ["developer"], admin: ["admin"] };

export async function startMock() {
  // What is told has a place, so that a stream can go on where it ended.
  const day = { now: world.NOW, processes: world.processes, vitals: world.vitals };
  const state = { day, streams: new Set(), told: [], opened: [], asked: [], isCut: false, commands: [], changes: [], codesAsked: [], causes: {}, layouts: {}, zones: { "zone-1": { name: "", order: 1 } } };
  const server = createServer((request, response) => {
    if (state.isCut) return request.socket.destroy();
    answer(state, request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tell = (event, data) => {
    const told = { event, data, place: state.told.length + 1 };
    state.told.push(told);
    for (const stream of state.streams) stream.take(told);
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    commands: state.commands,
    /** What the block knows now; a journey may let time pass. */
    day,
    opened: state.opened,
    asked: state.asked,
    changes: state.changes,
    codesAsked: state.codesAsked,
    tell,
    /** A sign of life on every stream. */
    beat() {
      for (const stream of state.streams) stream.beat();
    },
    /** Another catalogue for who signs in next. */
    forget() {
      state.estate = undefined;
    },
    cut() {
      state.isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      state.isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(resolve);
      }),
  };
}

function cookieOf(request) {
  const found = /user=([^;]+)/.exec(request.headers.cookie ?? "");
  return found === null ? undefined : decodeURIComponent(found[1]);
}

async function bodyOf(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? undefined : JSON.parse(text);
}

async function answer(state, request, response) {
  const url = new URL(request.url, "http://mock");
  const path = url.pathname;
  const json = (status, value, headers = {}) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
  const problem = (status, detail) => json(status, { type: "about:blank", title: detail, status, detail }, { "content-type": "application/problem+json", traceparent: "00-7f310c5be27a1ae38482757c4bdd7d94-efc50547877e3cbf-01" });
  if (!path.startsWith("/api/") && !path.startsWith("/services/")) return page(path, request, response);

  if (path === "/api/v1/clock") return json(200, { now: new Date(state.day.now).toISOString(), rate: 1, mode: "system", epoch: null });
  if (path === "/api/v1/obd/auth" || path === "/api/v1/obd/auth/refresh") {
    const given = await bodyOf(request);
    const user = given.userId ?? given.refreshToken;
    const roles = ROLES[user.split(".")[0]];
    if (roles === undefined || given.password === "wrong") return problem(401, "wrong");
    return json(200, { accessToken: "t", expiresIn: 900, refreshToken: user, roles }, { "set-cookie": `user=${encodeURIComponent(user)}; Path=/; HttpOnly; SameSite=Strict` });
  }
  if (path === "/api/v1/obd/auth/logout") return response.writeHead(204).end();
  if (path === "/api/v1/obd/auth/unlock") {
    const { badge } = await bodyOf(request);
    return response.writeHead(badge === "0417-22" ? 204 : 401).end();
  }
  state.asked.push(`${request.method} ${path}`);
  const user = cookieOf(request);
  if (user === undefined) return problem(401, "who?");
  const [role, mood = ""] = user.split(".");
  if (mood === "error" && path.includes("/services/") && !path.endsWith("/rooms")) return problem(500, "bug");
  if (mood === "down" && path.includes("/services/")) return problem(503, "does not answer");
  if (mood === "figureless" && path.includes("/services/performance/")) return problem(503, "does not answer");
  if (mood === "slow" && path.includes("/services/")) await new Promise((resolve) => setTimeout(resolve, 60_000));
  const extra = mood === "partial" ? { "chiron-partial": "staff-tracking" } : {};
  const list = (entries) => (entries.length === 0 ? response.writeHead(204, extra).end() : json(200, { entries, total: entries.length, next: null }, extra));
  const isEmpty = mood === "empty";
  if ((await portal(state, { path, url, request, role, mood, json, response, bodyOf })) !== false) return undefined;

  if (request.method !== "GET") return change(state, { path, url, request, role, mood, json, problem, response });
  if (path === "/api/v1/obd/live") {
    const patients = url.searchParams.getAll("patientId");
    if (patients.length > 64) return problem(400, "?patientId: at most 64");
    const stream = {
      take({ event, data, place }) {
        if (event === "vital" && !patients.includes(data.data.patientId)) return;
        response.write(`event: ${event}\nid: ${place}\ndata: ${JSON.stringify(data)}\n\n`);
      },
      beat: () => response.write(`: alive\nid: ${state.told.length}\n\n`),
    };
    const last = request.headers["last-event-id"];
    state.opened.push({ patients, last });
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(`retry: 1000\nid: ${last ?? state.told.length}\n\n`);
    if (last !== undefined) for (const told of state.told.slice(Number(last))) stream.take(told);
    state.streams.add(stream);
    const beat = setInterval(stream.beat, 5_000);
    response.on("close", () => {
      clearInterval(beat);
      state.streams.delete(stream);
    });
    return undefined;
  }
  if (path === "/api/v1/dashboard-settings") {
    const range = (low, high) => ({ low, high });
    return json(200, {
      timeZone: "Europe/Rome", lockAfterMinutes: 10,
      ranges: {
        theatreTemperature: range(20, 24), theatreHumidity: range(20, 60), otherTemperature: range(20, 24), otherHumidity: range(20, 60), heartRate: range(60, 90), saturation: range(94, 100),
        bloodPressure: range(60, 140), respiratoryRate: range(10, 20), bodyTemperature: range(36, 37.5),
      },
    });
  }
  if (path === "/api/v1/obd/block-hp-tracking-info") {
    if (isEmpty || mood === "partial") return response.writeHead(204, extra).end();
    const counts = {};
    for (const it of world.people) counts[it.room] = (counts[it.room] ?? 0) + 1;
    if (role === "display") return json(200, Object.entries(counts).map(([room, count]) => ({ room, count })));
    return json(200, world.people.map((it) => ({ healthProfessionalId: it.id, healthProfessionalName: it.name, healthProfessionalSurname: it.surname, healthProfessionalRole: it.role, room: it.room })));
  }
  if (path === "/api/v1/obd/patient-codes") {
    const asked = url.searchParams.getAll("patientId");
    state.codesAsked.push(asked.length);
    if (mood === "codeless") return problem(503, "does not answer");
    return json(200, { entries: asked.map((patientId) => ({ patientId, code: world.codeOf(patientId) })) });
  }
  if (path === "/api/v1/obd/zones") {
    if (role === "developer") return problem(403, "not for this role");
    const named = mood === "placed" ? { "zone-1": { name: "Main block", order: 1 } } : state.zones;
    return json(200, Object.entries(named).map(([zoneId, zone]) => ({ zoneId, ...zone, rooms: world.rooms.filter((it) => it.zoneId === zoneId).map(({ id, name, type }) => ({ id, name, type, layout: null })) })));
  }
  const [, , service, , , ...rest] = path.split("/");
  const last = rest.at(-1);
  const from = Date.parse(url.searchParams.get("from") ?? "2000-01-01T00:00:00Z");
  switch (`${service} ${rest[0]}`) {
    case "building-management rooms":
      if (rest[1] === "data") return json(200, isEmpty ? { entries: [], total: 0, next: null } : world.climate(last, from, Date.parse(url.searchParams.get("to") ?? "2100-01-01T00:00:00Z")));
      return list(isEmpty ? [] : world.rooms.map((it) => ({ entry: { ...it, layout: state.layouts[it.id] ?? (mood === "placed" ? world.layouts[it.id] : null) }, url: "" })));
    case "building-management medical-technologies":
      return list(isEmpty ? [] : world.technologies.map((entry) => ({ entry, url: "" })));
    case "surgical-process-monitoring processes": {
      if (!["nurse", "surgeon", "manager", "display"].includes(role)) return problem(403, "not for this role");
      if (rest.length === 1) return list(isEmpty || url.searchParams.get("open") === "false" ? [] : state.day.processes.map((it) => it.entry));
      if (rest[1] === "process-0" && rest[2] === "vital-signs") {
        return mood === "old" ? problem(404, "unknown") : json(200, world.recorded(from, Date.parse(url.searchParams.get("to"))));
      }
      const found = state.day.processes.find((it) => it.entry.processId === rest[1]);
      if (found === undefined) return problem(404, "unknown");
      if (rest[2] === "history") return json(200, { entries: found.history, total: found.history.length, next: null });
      if (rest[2] === "vital-signs") return json(200, state.day.vitals(rest[1], from));
      return json(200, found.detail);
    }
    case "surgery-booking-integration surgeryBookings":
      return list(isEmpty ? [] : world.bookings);
    case "automation-management decisions":
      return list(url.searchParams.get("roomId") === "or-2" ? world.decisions : []);
    case "staff-tracking rooms-tracking-data":
    case "staff-tracking block-tracking-data":
    case "staff-tracking health-professionals-tracking-data": {
      if (url.searchParams.has("from") && role !== "manager") return problem(403, "not for this role");
      const chosen = world.people.filter((it) => rest[0] === "block-tracking-data" || it.room === last || it.id === last);
      return list(isEmpty ? [] : chosen.map((it, index) => ({ dateTime: world.iso(60 - index), healthProfessionalId: it.id, roomId: it.room, trackingType: "ENTER" })));
    }
    case "user-management-integration healthProfessionals": {
      const found = world.people.find((it) => it.id === last);
      return found === undefined ? problem(404, "unknown") : json(200, { healthProfessionalId: found.id, name: found.name, surname: found.surname, role: found.role, birthdate: "1980-01-01", emailAddress: "a@example.org", gender: "OTHER", phoneNumber: "0" });
    }
    case "patient-management-integration patients":
      return json(200, { taxCode: last, name: "Anna", surname: "Rossi", birthdate: "1972-03-04" });
    case "performance days":
    case "performance processes": {
      if (!["nurse", "surgeon", "manager", "display"].includes(role)) return problem(403, "not for this role");
      const cases = world.dayCases.map((it) => ({ ...it, delay: state.causes[it.processId] ?? it.delay, patientId: role === "display" ? null : it.patientId }));
      if (rest[0] === "days") return json(200, { day: rest[1], cases: isEmpty || rest[1] !== "2026-05-15" ? [] : cases });
      const found = cases.find((it) => it.processId === rest[1]);
      return found === undefined ? problem(404, "unknown") : json(200, found);
    }
    case "performance figures":
      if (!["nurse", "surgeon", "manager", "display"].includes(role)) return problem(403, "not for this role");
      return json(200, world.figures(url.searchParams.get("from"), url.searchParams.get("to")));
    case "performance delay-causes":
      return json(200, { entries: world.causes });
    case "surgery-report reports": {
      if (rest.length === 1) {
        const entry = { ...world.report, patientId: world.report.patientID, patientName: "Giorgio", patientSurname: "Mele" };
        return list(isEmpty ? [] : [{ entry, url: "" }]);
      }
      if (rest[1] !== world.report.surgicalProcessID) return problem(404, "unknown");
      if (rest[2] === "versions" && rest.length === 3) {
        const version = (n, kind) => ({ version: n, revision: n, dateTime: world.iso(40 - 8 * n), kind, author: null, text: null, settled: n > 1, complete: true, missing: [], signature: null, url: "" });
        return json(200, { entries: [version(1, "COMPOSED"), version(2, "COMPOSED"), version(3, "ADDITION")], total: 3 });
      }
      if (rest[2] === "versions") return json(200, world.versionOf(Number(last)));
      return json(200, world.report);
    }
    default:
      return problem(404, `the mock has no ${path}`);
  }
}

async function change(state, { path, url, request, role, mood, json, problem, response }) {
  if (path.startsWith("/api/v1/ord/")) {
    const command = { id: request.headers["x-command-id"], path, query: Object.fromEntries(url.searchParams) };
    state.commands.push(command);
    if (!["nurse", "surgeon"].includes(role)) return problem(403, "not for this role");
    if (path.endsWith("emergency-surgeries")) return json(202, { processId: "emergency-1", patientId: "emergency-patient-1" });
    return response.writeHead(204, { "x-command-id": command.id }).end();
  }
  if (path.endsWith("/delay-cause")) {
    const id = path.split("/").at(-2);
    const { cause } = await bodyOf(request);
    const found = world.dayCases.find((it) => it.processId === id);
    if (!["nurse", "surgeon", "manager"].includes(role)) return problem(403, "only the team and the block manager say why");
    if (found === undefined || found.late === null) return problem(409, "the case is not late");
    if (mood === "beaten" || (role !== "manager" && (state.causes[id] ?? found.delay) !== null)) return problem(409, "the cause was given already");
    if (!world.causes.some((it) => it.id === cause)) return problem(400, "there is no such cause");
    state.causes[id] = { cause, by: role, at: world.iso(0) };
  }
  const changed = /building-management\/api\/v1\/(zones|rooms)\/([^/]+)(\/layout)?$/.exec(path);
  if (changed !== null && (changed[1] === "zones" || changed[3] !== undefined)) {
    if (role !== "manager") return problem(403, "not for this role");
    if (changed[2] === "pre-2") return problem(404, "there is no such room");
    if (changed[1] === "zones") state.zones[changed[2]] = await bodyOf(request);
    else state.layouts[changed[2]] = request.method === "DELETE" ? null : await bodyOf(request);
  }
  state.changes.push(`${request.method} ${path}`);
  if (path.endsWith("/s-6")) return problem(409, "the theatre is taken at that time");
  return response.writeHead(204).end();
}

function page(path, request, response) {
  // Nothing at all, to compare with.
  if (path === "/empty") return response.writeHead(200, { "content-type": TYPES.html }).end("<!doctype html><title>Empty</title>");
  const name = path.slice(1);
  const file = /^[\w./-]+\.\w+$/.test(name) && existsSync(join(DIST, name)) ? name : "index.html";
  // In its small form, as the gateway does, to who can read it.
  const isSmall = (request.headers["accept-encoding"] ?? "").includes("br") && existsSync(join(DIST, `${file}.br`));
  const bytes = readFileSync(join(DIST, isSmall ? `${file}.br` : file));
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const coding = isSmall ? { "content-encoding": "br" } : {};
  response.writeHead(200, { "content-type": TYPES[file.split(".").at(-1)] ?? "application/octet-stream", "content-security-policy": POLICY, etag, ...coding }).end(bytes);
}
