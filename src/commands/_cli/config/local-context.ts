/** Name of the built-in context: the stack in ATBD_HOME. */
export const LOCAL_CONTEXT = 'local';
