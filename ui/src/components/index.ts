export { Alert } from "./Alert";
export { Avatar, CroftMark } from "./Avatar";
export { Badge, Count, StatusDot, type Tone } from "./Badge";
export { Button, ButtonAnchor, ButtonLink, IconAnchor, IconButton, type ButtonProps } from "./Button";
export { Card } from "./Card";
export { ConfirmButton } from "./ConfirmButton";
export { ConfirmDialog } from "./ConfirmDialog";
export { CopyButton, CopyField } from "./CopyField";
export { DataTable, type Column } from "./DataTable";
export { Dialog } from "./Dialog";
export { EmptyState, ErrorState } from "./EmptyState";
export { Fact, Facts } from "./Facts";
export { Checkbox, Field, Input, PasswordInput, Select, Textarea } from "./Field";
export { ContextMenu, Menu, MenuActions, MenuItem, MenuLabel, MenuSeparator, type MenuAction } from "./Menu";
export { Breadcrumbs, PageHeader, useDocumentTitle } from "./PageHeader";
export { ProblemText } from "./ProblemText";
export { Progress } from "./Progress";
export { QueryView } from "./QueryView";
export { RadioList } from "./RadioList";
export { StateBadge, StateIcon } from "./RunState";
export { SizeInput } from "./SizeInput";
export { Skeleton } from "./Skeleton";
export { NavTab, NavTabs, Tabs } from "./Tabs";
export {
  emptyTarget,
  isTargetComplete,
  TargetAnswer,
  TargetFields,
  TargetKeyFields,
  targetRequest,
  type TargetForm,
} from "./TargetFields";
export { Bytes, Duration, FutureTime, Time } from "./Time";
export { TimeChart, type Series } from "./chart/TimeChart";
export type { Every } from "./chart/scale";
export { toast, Toaster } from "./Toast";
export { Tooltip, TooltipProvider } from "./Tooltip";
