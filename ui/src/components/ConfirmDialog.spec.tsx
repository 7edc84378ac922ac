import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ApiError } from "@/api/errors";
import { ConfirmDialog } from "./ConfirmDialog";
import { TooltipProvider } from "./Tooltip";

afterEach(cleanup);

function show(props: { typeToConfirm?: string; onConfirm: () => Promise<unknown> }) {
  const onOpenChange = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <ConfirmDialog
          open
          onOpenChange={onOpenChange}
          title="Delete bucket photos?"
          body="All objects are lost."
          confirm="Delete bucket"
          {...props}
        />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return onOpenChange;
}

const button = () => screen.getByRole<HTMLButtonElement>("button", { name: "Delete bucket" });

test("what cannot be undone needs its name typed", async () => {
  const onConfirm = vi.fn(() => Promise.resolve());
  const onOpenChange = show({ typeToConfirm: "photos", onConfirm });
  expect(button().disabled).toBe(true);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "photo" } });
  expect(button().disabled).toBe(true);
  // Enter in the field submits the form without the button.
  fireEvent.submit(screen.getByRole("textbox"));
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  expect(onConfirm).not.toHaveBeenCalled();
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "photos" } });
  fireEvent.click(button());
  await waitFor(() => expect(onOpenChange).toHaveBeenCalledWith(false));
  expect(onConfirm).toHaveBeenCalledTimes(1);
});

test("a refusal is shown and the dialog stays", async () => {
  const onOpenChange = show({
    onConfirm: () => Promise.reject(new ApiError(403, "forbidden", "no")),
  });
  fireEvent.click(button());
  expect((await screen.findByRole("alert")).textContent).toBe("no");
  expect(onOpenChange).not.toHaveBeenCalled();
});
