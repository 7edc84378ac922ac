import type { TFunction } from "i18next";
import type { LifecycleRule } from "@/api/types";
import { formatBytes, formatDate } from "@/lib/format";

/** What the editor asks for. Numbers are as typed; empty is not done. */
export type LifecycleForm = {
  prefix: string;
  expireDays: string;
  expireMarkers: boolean;
  noncurrentDays: string;
  noncurrentKeep: string;
  abortDays: string;
  tier: string;
  tierDays: string;
};

export const emptyForm: LifecycleForm = {
  prefix: "",
  expireDays: "",
  expireMarkers: false,
  noncurrentDays: "",
  noncurrentKeep: "",
  abortDays: "",
  tier: "",
  tierDays: "30",
};

const shown = (count: number) => (count > 0 ? String(count) : "");

/** editable tells whether the editor has everything that a rule says. */
export function editable(rule: LifecycleRule): boolean {
  const [move, ...more] = rule.transitions ?? [];
  return (
    Object.keys(rule.tags ?? {}).length === 0 &&
    rule.largerThan === undefined &&
    rule.smallerThan === 0 &&
    !rule.expireDate &&
    more.length === 0 &&
    !move?.date &&
    (rule.noncurrentTransitions ?? []).length === 0
  );
}

export function formOf(rule: LifecycleRule): LifecycleForm {
  const move = rule.transitions?.[0];
  return {
    prefix: rule.prefix,
    expireDays: shown(rule.expireDays),
    expireMarkers: rule.expireMarkers,
    noncurrentDays: shown(rule.noncurrentDays),
    noncurrentKeep: shown(rule.noncurrentKeep),
    abortDays: shown(rule.abortDays),
    tier: move?.tier ?? "",
    tierDays: String(move?.days ?? 30),
  };
}

/** ruleOf is the rule that a form describes. Days and expired markers do not go together: days remove those too. */
export function ruleOf(form: LifecycleForm, id: string, enabled: boolean): LifecycleRule {
  const count = (text: string) => Number(text) || 0;
  return {
    id,
    enabled,
    prefix: form.prefix,
    smallerThan: 0,
    expireDays: count(form.expireDays),
    expireMarkers: form.expireMarkers && !form.expireDays,
    noncurrentDays: count(form.noncurrentDays),
    noncurrentKeep: count(form.noncurrentKeep),
    abortDays: count(form.abortDays),
    ...(form.tier ? { transitions: [{ days: count(form.tierDays), tier: form.tier }] } : {}),
  };
}

/** acts tells whether a rule does anything at all. */
export function acts(rule: LifecycleRule): boolean {
  return (
    rule.expireDays > 0 ||
    Boolean(rule.expireDate) ||
    rule.expireMarkers ||
    rule.noncurrentDays > 0 ||
    rule.noncurrentKeep > 0 ||
    rule.abortDays > 0 ||
    (rule.transitions ?? []).length > 0 ||
    (rule.noncurrentTransitions ?? []).length > 0
  );
}

type T = TFunction<"lifecycle">;

/** whatOf names the objects that a rule is about. */
function whatOf(rule: LifecycleRule, t: T): string {
  const what = rule.prefix ? t("lifecycle:what.prefix", { prefix: rule.prefix }) : t("lifecycle:what.all");
  const tags = Object.entries(rule.tags ?? {}).map(([key, value]) => t("lifecycle:what.tag", { tag: `${key}=${value}` }));
  const sizes = [
    rule.largerThan !== undefined && t("lifecycle:what.larger", { size: formatBytes(rule.largerThan) }),
    rule.smallerThan > 0 && t("lifecycle:what.smaller", { size: formatBytes(rule.smallerThan) }),
  ].filter((text) => text !== false);
  const conditions = [...tags, ...sizes];
  return conditions.length > 0 ? t("lifecycle:what.only", { what, conditions: conditions.join(t("lifecycle:what.and")) }) : what;
}

/** day is a date as people write it; rules count it in UTC. */
const day = (date: string) => formatDate(`${date}T12:00:00`);

/** sentences say what a rule does, a sentence for each thing. */
export function sentences(rule: LifecycleRule, t: T): string[] {
  const what = whatOf(rule, t);
  const say: string[] = [];
  for (const move of rule.transitions ?? []) {
    const { tier } = move;
    say.push(move.date ? t("lifecycle:say.moveDate", { what, tier, date: day(move.date) }) : t("lifecycle:say.move", { what, tier, count: move.days }));
  }
  if (rule.expireDays > 0) say.push(t("lifecycle:say.expire", { what, count: rule.expireDays }));
  if (rule.expireDate) say.push(t("lifecycle:say.expireDate", { what, date: day(rule.expireDate) }));
  if (rule.expireMarkers) say.push(t("lifecycle:say.markers", { what }));
  for (const move of rule.noncurrentTransitions ?? []) {
    const { tier, keep } = move;
    say.push(
      keep > 0
        ? t("lifecycle:say.moveOldKeep", { what, tier, keep, count: move.days })
        : t("lifecycle:say.moveOld", { what, tier, count: move.days }),
    );
  }
  const { noncurrentDays: count, noncurrentKeep: keep } = rule;
  if (count > 0 && keep > 0) say.push(t("lifecycle:say.oldKeep", { what, count, keep }));
  else if (count > 0) say.push(t("lifecycle:say.old", { what, count }));
  else if (keep > 0) say.push(t("lifecycle:say.keep", { what, count: keep }));
  if (rule.abortDays > 0) say.push(t("lifecycle:say.abort", { what, count: rule.abortDays }));
  return say;
}
