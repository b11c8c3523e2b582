/** The full list of addresses: a change here breaks bookmarks. */
import { expect, it as test } from "vitest";

import { paths } from "./paths";

test("addresses stay what they are", () => {
  const all = Object.entries(paths).map(([name, path]) => [name, path("or-2/ä")]);
  expect(Object.fromEntries(all)).toEqual({
    home: "/",
    signIn: "/sign-in",
    rooms: "/rooms",
    room: "/rooms/or-2%2F%C3%A4",
    block: "/block",
    figures: "/block/figures",
    wall: "/block?wall=true",
    staff: "/staff",
    bookings: "/bookings",
    reports: "/reports",
    report: "/reports/or-2%2F%C3%A4",
    building: "/building",
    design: "/design",
    portal: "/portal",
  });
});
