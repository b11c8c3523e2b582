import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/** A server with MongoDB's protocol on H2, for tests: a port, and the file that it keeps. */
public final class Server {
    public static void main(String[] args) throws Exception {
        H2Backend backend = new H2Backend(args[1]);
        // What it can is that of 5.0; drivers refuse the number that it tells by itself.
        backend.version(new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return List.of(5, 0, 0);
            }

            @Override
            public int getWireVersion() {
                return 13;
            }
        });
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        Thread.currentThread().join();
    }
}
