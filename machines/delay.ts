/** The longest delay of a timer in Node, in milliseconds: about 24.8 days. A longer one would fire at once. */
export const longestDelayMs = 2_147_483_647;
