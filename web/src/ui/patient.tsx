/** A patient on a screen that others see: a code, never a name, and never what the services call them. */
import { createContext, use } from "react";

type UseCodes = (ids: readonly string[]) => ReadonlyMap<string, string>;

const NOBODY: ReadonlyMap<string, string> = new Map();
const useNobody: UseCodes = () => NOBODY;

/** Where the codes of the day come from; given where the application begins. */
export const PatientCodes = createContext<UseCodes>(useNobody);

/** Stands where a code belongs that is not known. */
export const NO_CODE = "P-····";

/** The codes of these patients, as far as they are known. */
export function useCodes(ids: readonly string[]): ReadonlyMap<string, string> {
  const useGiven = use(PatientCodes);
  return useGiven(ids);
}

/** The code of a patient. */
export function usePatientCode(id: string | null | undefined): string {
  const isKnown = id !== null && id !== undefined && id !== "";
  const code = useCodes(isKnown ? [id] : []).get(id ?? "");
  return code ?? NO_CODE;
}

export function PatientCode({ id }: { id: string | null | undefined }) {
  return <span className="nw">{usePatientCode(id)}</span>;
}
