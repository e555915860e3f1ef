/* The smallest program an ESP32-C3 could start: the descriptor every ESP-IDF application begins with, and a loop.
   It is never run; it is there so that real tools make, check and write a real image of it. */

struct descriptor {
  unsigned magic, secure_version, reserved[2];
  char version[32], project[32], time[16], date[16], idf[32];
  unsigned char elf_sha256[32];
  unsigned reserved2[20];
};

#ifdef VERSION
__attribute__((section(".rodata_desc"), used)) const struct descriptor descriptor = {
    .magic = 0xABCD5432, .version = VERSION, .project = "smart-meter-dongle", .idf = "none"};
#endif

__attribute__((section(".start"), used)) void start(void) {
  for (;;) {
  }
}
