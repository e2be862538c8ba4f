using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;

namespace ConvTransfer.Pipelines;

/// <summary>The network that this library brings along: a small residual network of this project's own training, for those who have none.</summary>
/// <remarks>
/// Float32 but for the weights of its classifier, which are float16; input "image" [N, 3, height, width] of any size from 32 x 32, output logits [N, 200]; its penultimate value is 320 features.
/// It was trained on a part of Tiny ImageNet, whose pictures are given for research: its card, pretrained/README.md in the repository, says how it was made and how good it is.
/// </remarks>
public static class PretrainedNetwork
{
    /// <summary>How pictures are made ready for it.</summary>
    public static InputRecipe Recipe => InputRecipe.FromJson(System.Text.Encoding.UTF8.GetString(Resource("recipe.json")));

    /// <summary>Reads the network.</summary>
    public static Model Load() => OnnxFile.Read(Resource("model.onnx"), "the pretrained network");

    private static byte[] Resource(string name)
    {
        using var stream = typeof(PretrainedNetwork).Assembly.GetManifestResourceStream($"pretrained.{name}") ?? throw new InvalidOperationException($"the library was built without {name}");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
