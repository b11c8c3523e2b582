/** One of a few: large, each in its place, the chosen one marked. */
import { Button } from "./button";

interface Choice {
  readonly id: string;
  readonly text: string;
}

interface Props {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen?: string | undefined;
  /** Why none can be chosen now. */
  readonly disabled?: string | undefined;
  readonly onChoose: (id: string) => void;
}

export function Choices({ label, choices, chosen, disabled, onChoose }: Props) {
  return (
    <div className="choices" role="group" aria-label={label}>
      {choices.map((it) => (
        <Button key={it.id} look={it.id === chosen ? "on" : "plain"} pressed={it.id === chosen} disabled={disabled} onClick={() => onChoose(it.id)}>
          {it.text}
        </Button>
      ))}
    </div>
  );
}
