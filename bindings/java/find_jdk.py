"""Print the folder of jni.h of the JDK at JAVA_HOME, else of the javac in the PATH; nothing when there is none."""
import os
import shutil

javac = shutil.which("javac")
homes = [os.environ.get("JAVA_HOME", "")] + ([os.path.dirname(os.path.dirname(os.path.realpath(javac)))] if javac else [])
print(next((f"{h}/include" for h in homes if h and os.path.exists(f"{h}/include/jni.h")), ""), end="")
