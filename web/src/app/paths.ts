/** Every address of the application, built in one place. */

const segment = encodeURIComponent;

export const paths = {
  home: () => "/",
  signIn: () => "/sign-in",
  rooms: () => "/rooms",
  room: (id: string) => `/rooms/${segment(id)}`,
  block: () => "/block",
  figures: () => "/block/figures",
  wall: () => "/block?wall=true",
  staff: () => "/staff",
  bookings: () => "/bookings",
  reports: () => "/reports",
  report: (process: string) => `/reports/${segment(process)}`,
  building: () => "/building",
  design: () => "/design",
  portal: () => "/portal",
} as const;
