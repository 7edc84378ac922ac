import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import type { Repository } from "@/api/types";
import { Alert, Button, Dialog, Field, Input, Textarea } from "@/components";
import { runsQuery } from "./queries";
import { examples } from "./sample";

type StartRunProps = {
  project: string;
  repository: Repository;
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** parseVariables reads NAME=value lines; a line without a name is reported by its number. */
export function parseVariables(text: string): { variables: Record<string, string>; badLine?: number } {
  const variables: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return { variables, badLine: index + 1 };
    variables[name] = value;
  }
  return { variables };
}

export function StartRunDialog({ project, repository, open, onOpenChange }: StartRunProps) {
  const { t } = useTranslation("pipelines");
  const [branch, setBranch] = useState("");
  const [text, setText] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const { variables, badLine } = parseVariables(text);
  const start = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/repositories/{name}/runs", {
          params: { path: { project, name: repository.name } },
          body: {
            branch: branch.trim() || repository.branch,
            variables: Object.keys(variables).length > 0 ? variables : undefined,
          },
        }),
      ),
    onSuccess: async (run) => {
      await client.invalidateQueries({ queryKey: runsQuery(project, repository.name).queryKey });
      onOpenChange(false);
      void navigate({
        to: "/projects/$project/pipelines/$repository/runs/$number",
        params: { project, repository: repository.name, number: String(run.number) },
      });
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("run.startTitle", { name: repository.name })}
      onSubmit={() => badLine === undefined && start.mutate()}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={start.isPending}>
            {t("run.start")}
          </Button>
        </>
      }
    >
      <Field label={t("repository.branch")} error={fieldText(start.error, "branch")}>
        <Input mono value={branch} onChange={(e) => setBranch(e.target.value)} placeholder={repository.branch} />
      </Field>
      <Field
        label={t("run.variables")}
        optional
        hint={t("run.variablesHint")}
        error={badLine === undefined ? undefined : t("run.variablesBad", { line: badLine })}
      >
        <Textarea mono rows={3} value={text} onChange={(e) => setText(e.target.value)} placeholder={examples.variables} />
      </Field>
      {start.isError && <Alert tone="danger">{errorText(start.error)}</Alert>}
    </Dialog>
  );
}
