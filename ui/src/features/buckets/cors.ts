import type { CORSRule } from "@/api/types";

export const corsMethods = ["GET", "HEAD", "PUT", "POST", "DELETE"] as const;

/** A rule as it is being written: lists are lines, and the seconds are text. */
export type CorsDraft = {
  id?: string;
  origins: string;
  methods: CORSRule["methods"];
  headers: string;
  expose: string;
  maxAge: string;
};

export const newRule: CorsDraft = { origins: "", methods: ["GET", "HEAD"], headers: "*", expose: "ETag", maxAge: "3600" };

export const draftOf = (rule: CORSRule): CorsDraft => ({
  id: rule.id,
  origins: (rule.origins ?? []).join("\n"),
  methods: rule.methods ?? [],
  headers: (rule.headers ?? []).join("\n"),
  expose: (rule.expose ?? []).join("\n"),
  maxAge: rule.maxAge === undefined ? "" : String(rule.maxAge),
});

/** ruleOf is the rule that a draft says, or undefined while it says none. */
export function ruleOf(draft: CorsDraft): CORSRule | undefined {
  const origins = words(draft.origins);
  const age = draft.maxAge.trim();
  if (origins.length === 0 || !draft.methods?.length || !/^\d{0,9}$/.test(age)) return undefined;
  return {
    ...(draft.id ? { id: draft.id } : {}),
    origins,
    methods: corsMethods.filter((method) => draft.methods?.includes(method)),
    headers: words(draft.headers),
    expose: words(draft.expose),
    ...(age === "" ? {} : { maxAge: Number(age) }),
  };
}

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);
