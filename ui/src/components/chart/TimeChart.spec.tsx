import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { startI18n } from "@/lib/i18n";
import { TimeChart } from "./TimeChart";

const hour = 3_600_000;
const chart = (
  <TimeChart
    title="Requests"
    at={[0, hour, 2 * hour]}
    step={hour}
    shape="bars"
    unit="number"
    format={String}
    marks={() => ({ unit: "hour", by: 1 })}
    formatMark={(at) => at.toISOString()}
    formatStep={(from) => `step ${from.getTime() / hour}`}
    series={[
      { id: "reads", label: "Read", values: [4, 0, 7], color: 1 },
      { id: "writes", label: "Write", values: [1, 2, 3], color: 2 },
    ]}
  />
);

test("is read and moved through with keys", async () => {
  await startI18n("en");
  render(chart);
  const slider = screen.getByRole("slider", { name: "Requests" });
  expect(slider.getAttribute("aria-valuetext")).toBe("step 2: Read 7, Write 3");
  fireEvent.keyDown(slider, { key: "ArrowLeft" });
  expect(slider.getAttribute("aria-valuetext")).toBe("step 1: Read 0, Write 2");
  fireEvent.keyDown(slider, { key: "Home" });
  fireEvent.keyDown(slider, { key: "ArrowLeft" });
  expect(slider.getAttribute("aria-valuetext")).toBe("step 0: Read 4, Write 1");
  fireEvent.keyDown(slider, { key: "Escape" });
  expect(slider.getAttribute("aria-valuenow")).toBe("2");
});

test("has its values as a table, the newest first", async () => {
  await startI18n("en");
  render(chart);
  const details = screen.getByText("As a table").parentElement as HTMLDetailsElement;
  details.open = true;
  fireEvent(details, new Event("toggle"));
  const rows = screen.getAllByRole("row").map((row) => row.textContent);
  expect(rows).toEqual(["TimeReadWrite", "step 273", "step 102", "step 041"]);
});
