/** The longest delay a timer of Node takes, in milliseconds, about 24.8 days; a longer one would fire at once. */
export const longestDelayMs = 2_147_483_647;
