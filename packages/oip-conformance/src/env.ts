/** A key that the server wants, for whom a command line is too public a place; the first of several between commas. */
export const apiKey: string | undefined = process.env.OIP_API_KEY?.split(',')[0]?.trim() || undefined
