package org.kehu;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** A class of its own, so that all others work where the module java.management is not there. */
final class Management implements Kehu.KehuMXBean {
    private Management() {}

    static synchronized void register() {
        try {
            ObjectName name = new ObjectName("org.kehu:type=Kehu");
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            if (!server.isRegistered(name)) {
                server.registerMBean(new Management(), name);
            }
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public long getOpenHandles() {
        return Kehu.openHandles();
    }

    @Override
    public long getForgottenHandles() {
        return Kehu.forgottenHandles();
    }

    @Override
    public String getVersion() {
        return Kehu.version();
    }
}
