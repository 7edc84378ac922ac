import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { isStatus } from "@/api/errors";
import { ErrorState } from "@/components";
import { NotFound } from "./NotFound";

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (isStatus(error, 404)) return <NotFound />;
  return (
    <ErrorState
      error={error}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
