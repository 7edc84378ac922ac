import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { Alert, Button, Dialog, Field, Input, Textarea } from "@/components";
import { slugFrom, slugPattern } from "@/lib/slug";

type Props = { open: boolean; onOpenChange: (open: boolean) => void };

export function CreateProjectDialog({ open, onOpenChange }: Props) {
  const { t } = useTranslation("projects");
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [typedSlug, setTypedSlug] = useState<string>();
  const [description, setDescription] = useState("");
  const slug = typedSlug ?? slugFrom(name);
  const create = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects", {
          body: { slug, name: name.trim(), description: description.trim() },
        }),
      ),
    onSuccess: async (project) => {
      await client.invalidateQueries({ queryKey: ["projects"] });
      await navigate({ to: "/projects/$project", params: { project: project.slug } });
    },
  });
  const badSlug = slug !== "" && !slugPattern.test(slug);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("create.title")}
      description={t("create.description")}
      onSubmit={() => !badSlug && create.mutate()}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            {t("create.submit")}
          </Button>
        </>
      }
    >
      <Field label={t("name")} error={fieldText(create.error, "name")}>
        <Input
          name="name"
          autoFocus
          required
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field
        label={t("slug")}
        hint={t("slugHint")}
        error={badSlug ? t("slugBad") : fieldText(create.error, "slug")}
      >
        <Input
          name="slug"
          mono
          prefix="/projects/"
          required
          maxLength={40}
          autoCapitalize="none"
          spellCheck={false}
          value={slug}
          onChange={(event) => setTypedSlug(event.target.value.toLowerCase().replace(/\s/g, "-"))}
        />
      </Field>
      <Field label={t("description")} optional error={fieldText(create.error, "description")}>
        <Textarea
          rows={3}
          maxLength={500}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </Field>
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}
