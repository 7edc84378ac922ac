/** The server's own least length; said before anything is sent. */
export const minPassword = 10;
