import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { projectsQuery } from "@/api/queries";
import type { Project } from "@/api/types";

const storageKey = "croft.project";

/** useCurrentProject is the project in the address, else the one looked at last. */
export function useCurrentProject(): { project?: Project; projects?: Project[]; inProject: boolean } {
  const { project: slug } = useParams({ strict: false });
  const { data: projects } = useQuery(projectsQuery);
  useEffect(() => {
    if (slug) localStorage.setItem(storageKey, slug);
  }, [slug]);
  const wanted = slug ?? localStorage.getItem(storageKey);
  const project = projects?.find((p) => p.slug === wanted) ?? (slug ? undefined : projects?.[0]);
  return { project, projects, inProject: slug !== undefined };
}
