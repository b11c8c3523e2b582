/** Custom properties may stand in the style of an element. */
import "react";

declare module "react" {
  interface CSSProperties {
    readonly [name: `--${string}`]: string | number | undefined;
  }
}
