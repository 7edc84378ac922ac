import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { projectQuery } from "@/api/queries";

const route = getRouteApi("/app/projects/$project");

/** useProject is the project of the address; its route has loaded it. */
export function useProject() {
  const { project } = route.useParams();
  return useSuspenseQuery(projectQuery(project)).data;
}
