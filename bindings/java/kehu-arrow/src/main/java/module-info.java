/** Tables to and from Apache Arrow's Java library, by the C data interface. */
module kehu.arrow {
    requires transitive kehu;
    requires transitive org.apache.arrow.c;
    requires transitive org.apache.arrow.memory.core;
    requires transitive org.apache.arrow.vector;

    exports org.kehu.arrow;
}
