// @vitest-environment jsdom
/** Holding: to the end, or nothing. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it as test, vi } from "vitest";

import { Button, HoldButton } from "./button";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "requestAnimationFrame", "cancelAnimationFrame"] });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function held(disabled?: string) {
  const done = vi.fn();
  render(
    <HoldButton hold={1_000} onDone={done} disabled={disabled}>
      x
    </HoldButton>,
  );
  return { done, button: screen.getByRole("button") };
}

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds));

test("held to the end it does it once", () => {
  const { done, button } = held();
  fireEvent.pointerDown(button, { button: 0 });
  pass(950);
  expect(done).not.toHaveBeenCalled();
  pass(100);
  pass(2_000);
  expect(done).toHaveBeenCalledTimes(1);
});

test("let go before, by any way, it does nothing", () => {
  for (const leave of [fireEvent.pointerUp, fireEvent.pointerLeave, fireEvent.blur]) {
    const { done, button } = held();
    fireEvent.pointerDown(button, { button: 0 });
    pass(900);
    leave(button);
    pass(2_000);
    expect(done).not.toHaveBeenCalled();
    cleanup();
  }
});

test("keys hold it too, and repeats do not begin it again", () => {
  const { done, button } = held();
  fireEvent.keyDown(button, { key: "Enter" });
  pass(1_100);
  expect(done).toHaveBeenCalledTimes(1);
  fireEvent.keyDown(button, { key: "Enter", repeat: true });
  pass(1_100);
  expect(done).toHaveBeenCalledTimes(1);
});

test("what is not possible says why and does nothing", () => {
  const { done, button } = held("offline");
  fireEvent.pointerDown(button, { button: 0 });
  pass(2_000);
  expect(done).not.toHaveBeenCalled();
  expect(button.getAttribute("title")).toBe("offline");
  cleanup();
  const click = vi.fn();
  render(
    <Button onClick={click} disabled="only surgeons">
      x
    </Button>,
  );
  fireEvent.click(screen.getByRole("button"));
  expect(click).not.toHaveBeenCalled();
});
