/** Customer analytics: texts sorted into classes with reasons, customers scored, segmented and stored. */
module kehu {
    requires static java.management;

    exports org.kehu;
}
