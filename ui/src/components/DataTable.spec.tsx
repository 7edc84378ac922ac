import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { DataTable } from "./DataTable";

afterEach(cleanup);

function show(rows: { name: string }[] | undefined) {
  render(
    <DataTable
      caption="People"
      rows={rows}
      rowKey={(row) => row.name}
      skeletonRows={3}
      columns={[
        { id: "name", header: "Name", kind: "primary", cell: (row) => row.name },
        { id: "size", header: "Length", cell: (row) => row.name.length },
      ]}
    />,
  );
}

test("rows of the final size stand in while loading", () => {
  show(undefined);
  expect(screen.getAllByRole("row")).toHaveLength(4);
  expect(screen.getByRole("table", { name: "People" })).toBeTruthy();
});

test("every cell but the name's says on phones what it is", () => {
  show([{ name: "Mei" }]);
  const cells = screen.getAllByRole("cell").map((cell) => [cell.textContent, cell.getAttribute("data-label")]);
  expect(cells).toEqual([
    ["Mei", null],
    ["3", "Length"],
  ]);
});
