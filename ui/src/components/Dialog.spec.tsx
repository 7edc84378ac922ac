import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Button, Dialog, Menu, MenuItem, TooltipProvider } from ".";

afterEach(cleanup);

function Page({ keeps = true }: { keeps?: boolean }) {
  const [open, setOpen] = useState<"one" | "two">();
  const words = { title: "Photos", open: "Open", more: "More", rename: "Rename", inside: "Name", next: "Next" };
  return (
    <TooltipProvider>
      <h1 tabIndex={-1} data-page-title>
        {words.title}
      </h1>
      {(keeps || !open) && <Button onClick={() => setOpen("one")}>{words.open}</Button>}
      <Menu trigger={<Button>{words.more}</Button>}>
        <MenuItem onSelect={() => setOpen("one")}>{words.rename}</MenuItem>
      </Menu>
      {open && (
        <Dialog open onOpenChange={(now) => !now && setOpen(undefined)} title={words.rename}>
          <input autoFocus aria-label={words.inside} />
          <Button onClick={() => setOpen("two")}>{words.next}</Button>
          {open === "two" && <Dialog open onOpenChange={(now) => !now && setOpen("one")} title={words.next} />}
        </Dialog>
      )}
    </TooltipProvider>
  );
}

const press = (element: HTMLElement, key: string) => {
  element.focus();
  fireEvent.keyDown(element, { key });
};
const focused = (element: HTMLElement) => waitFor(() => expect(document.activeElement).toBe(element));

test("a closed dialog gives the focus back to what opened it", async () => {
  render(<Page />);
  const button = screen.getByRole("button", { name: "Open" });
  button.focus();
  fireEvent.click(button);
  const field = screen.getByLabelText("Name");
  await focused(field);
  press(field, "Escape");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await focused(button);
});

test("opened from a menu, to the menu's button", async () => {
  render(<Page />);
  const button = screen.getByRole("button", { name: "More" });
  press(button, "Enter");
  fireEvent.click(await screen.findByRole("menuitem", { name: "Rename" }));
  const field = await screen.findByLabelText("Name");
  await focused(field);
  press(field, "Escape");
  await focused(button);
});

test("opened from another dialog, to what is in that one", async () => {
  render(<Page />);
  fireEvent.click(screen.getByRole("button", { name: "Open" }));
  const next = await screen.findByRole("button", { name: "Next" });
  next.focus();
  fireEvent.click(next);
  const upper = await screen.findByRole("dialog", { name: "Next" });
  press(upper, "Escape");
  await waitFor(() => expect(screen.getAllByRole("dialog").length).toBe(1));
  await focused(next);
});

test("to the page's title where the opener is gone", async () => {
  render(<Page keeps={false} />);
  const button = screen.getByRole("button", { name: "Open" });
  button.focus();
  fireEvent.click(button);
  const field = await screen.findByLabelText("Name");
  await focused(field);
  // The button comes back as another one.
  press(field, "Escape");
  await focused(screen.getByRole("heading", { level: 1 }));
});
