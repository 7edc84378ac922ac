import { Fragment, type ReactNode } from "react";
import s from "./Chat.module.css";

const pattern = /```([\s\S]+?)```|`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}])/g;

/** Text is a message's words: line breaks as typed, links, and code between backticks. */
export function Text({ text }: { text: string }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, block, code, link] = match;
    parts.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (block !== undefined) parts.push(<pre className={s.code}>{block.replace(/^\n|\n$/g, "")}</pre>);
    else if (code !== undefined) parts.push(<code className={s.inline}>{code}</code>);
    else if (link !== undefined) {
      parts.push(
        <a href={link} target="_blank" rel="noopener noreferrer nofollow">
          {link}
        </a>,
      );
    }
  }
  parts.push(text.slice(end));
  return (
    <div className={s.text}>
      {parts.map((part, index) => (
        <Fragment key={index}>{part}</Fragment>
      ))}
    </div>
  );
}
