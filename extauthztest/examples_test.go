package extauthztest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/testcontainers/testcontainers-go"

	"extauthz/extauthztest"
)

func ExampleRun() {
	// runExtauthz {
	ctx := context.Background()

	container, err := extauthztest.Run(ctx, os.Getenv("EXTAUTHZ_IMAGE"))
	defer func() {
		if err := testcontainers.TerminateContainer(container); err != nil {
			log.Printf("failed to terminate container: %s", err)
		}
	}()
	if err != nil {
		log.Printf("failed to start container: %s", err)
		return
	}
	// }

	state, err := container.State(ctx)
	if err != nil {
		log.Printf("failed to get container state: %s", err)
		return
	}
	fmt.Println(state.Running)

	// startUpload {
	address, err := container.Address(ctx)
	if err != nil {
		log.Printf("failed to get address: %s", err)
		return
	}
	for _, user := range []string{"alice", "bob"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v2/team/app/blobs/uploads/", nil)
		if err != nil {
			log.Printf("failed to create request: %s", err)
			return
		}
		request.SetBasicAuth(user, container.Users()[user])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Printf("failed to start an upload: %s", err)
			return
		}
		response.Body.Close()
		fmt.Println(user, response.Status)
	}
	// }

	// Output:
	// true
	// alice 202 Accepted
	// bob 403 Forbidden
}
