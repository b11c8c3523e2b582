/** YAML and JSON, read and written by a library that comes only when it is needed. */

/** What a text in JSON or YAML says; nothing when it is neither. */
export async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { load } = await import("js-yaml");
    try {
      return load(text);
    } catch {
      return undefined;
    }
  }
}

export async function written(value: unknown): Promise<string> {
  const { dump } = await import("js-yaml");
  return dump(value, { lineWidth: 100, noRefs: true });
}
