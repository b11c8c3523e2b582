/** A patient on a screen that others see: a code, never a name. */
import { createContext, use } from "react";

/** The codes of the day by patient; filled where the application begins. */
export const PatientCodes = createContext<ReadonlyMap<string, string>>(new Map());

/** The code of a patient; the id as the services have it while no code is known. */
export function usePatientCode(id: string): string {
  return use(PatientCodes).get(id) ?? id;
}

export function PatientCode({ id }: { id: string }) {
  return <span className="nw">{usePatientCode(id)}</span>;
}
