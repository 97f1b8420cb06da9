// A server with MongoDB's protocol for tests: mongo-java-server, which keeps everything in memory. It prints its address
// once it listens, and ends on SIGTERM or when its stdin does.

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.List;

public class Serve {
    public static void main(String[] arguments) throws IOException {
        MongoServer server = new MongoServer(new MemoryBackend().version(new Version()));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        InetSocketAddress address = server.getLocalAddress();
        System.out.println("mongodb://" + address.getHostString() + ":" + address.getPort() + "/");
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    // Drivers refuse the version that it says it has by itself.
    private static class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }
}
