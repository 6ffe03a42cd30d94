/* The cheapest process there is: linked statically, does nothing. */
int main(void) { return 0; }
