import { useQuery } from "@tanstack/react-query";
import { atLeast, bucketsQuery, projectsQuery } from "@/api/queries";
import { useMe } from "@/api/session";

/** What the person may do in a bucket. The server decides; this only hides. */
export function useBucketRole(bucket: string): { mayWrite: boolean; mayChange: boolean; versioned: boolean } {
  const me = useMe();
  const info = useQuery(bucketsQuery).data?.find((candidate) => candidate.name === bucket);
  const role = useQuery(projectsQuery).data?.find((project) => project.id === info?.projectId)?.role;
  const own = info !== undefined && !info.system;
  return {
    mayWrite: own && (me.admin || atLeast(role, "developer")),
    // A bucket of artifacts belongs to its project and is nobody's to change.
    mayChange: own && (me.admin || (atLeast(role, "maintainer") && !bucket.endsWith("-artifacts"))),
    versioned: info?.versioned ?? false,
  };
}
