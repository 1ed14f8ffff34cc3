// Lets the public headers link into one program.
int main() { return 0; }
