using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>A whole classifier in one ONNX model: pictures of any size in, class names and scores out, by operators of ai.onnx alone.</summary>
public static class OneFileModel
{
    /// <summary>The input's name: pictures, uint8 [N, H, W, 3], red, green, blue, sRGB.</summary>
    public const string Input = "image";

    /// <summary>The name of the output that holds the name of the class with the highest score: string [N].</summary>
    public const string Label = "label";

    /// <summary>The name of the output that holds the scores: float [N, C], classes in the order of the labels.</summary>
    public const string Scores = "scores";

    /// <summary>The least opset of ai.onnx that a file is written in: the first one whose Resize antialiases.</summary>
    public const long LeastOpset = 18;

    /// <summary>Puts the parts together: picture → recipe → network → head → label and scores.</summary>
    /// <param name="truncated">The network, cut where its features are and pooled: one input, a batch of pictures in the recipe's layout, and one output with the head's number of features for each.</param>
    /// <param name="recipe">How pictures are made ready for the network.</param>
    /// <param name="head">The classifier on the features.</param>
    /// <param name="metadata">Entries for the file beside those written here, such as <see cref="OneFileMetadata.Figures"/> and <see cref="OneFileMetadata.Cut"/>; their keys begin with <see cref="OneFileMetadata.Prefix"/>.</param>
    /// <returns>The model, in one opset: <see cref="LeastOpset"/>, or the network's if that is newer.</returns>
    /// <exception cref="ArgumentException">The head does not fit the features, or a metadata key is not allowed.</exception>
    /// <exception cref="ConvTransferException">The recipe contradicts itself, the network does not take what it makes, or a node cannot be written in that opset; every reason is listed.</exception>
    public static Model Build(Model truncated, InputRecipe recipe, LinearHead head, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        ArgumentNullException.ThrowIfNull(truncated);
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(metadata);
        if (recipe.Fault() is { } fault) throw new ConvTransferException(FailureCause.DataInvalid, $"the recipe cannot be used: {fault}");
        if (recipe is { Crop: not null, Resize: null }) throw new ConvTransferException(FailureCause.Unsupported, "the recipe crops without a resize before it; a file that takes pictures of any size needs one, since a picture may be smaller than the crop");
        var network = FeatureNetwork.Of(ForAnyBatch(OpsetLift.LiftTo(truncated, Math.Max(LeastOpset, truncated.Opset() ?? 0))), recipe);
        if (network.Width != head.FeatureCount) throw new ArgumentException($"the network gives {network.Width} features, but the head is made for {head.FeatureCount}", nameof(head));
        var graph = WithoutNames(network.Model.Graph, [Input, Label, Scores]);
        var taken = (TensorType)graph.RequiredInputs.Single().Type!;
        Dim batch = network.AnyBatch ? Dim.Of(taken[0].Symbol ?? Symbol(graph, "N")) : 1;

        string pixels = graph.RequiredInputs.Single().Name, features = graph.Outputs[0].Name;
        var before = new NodeSequence(graph);
        RecipeNodes.Add(before, recipe, Input, network.InputType, pixels);
        var image = new ValueInfo(Input, new TensorType(ElementType.UInt8, [batch, Dim.Of(Symbol(graph, "H")), Dim.Of(Symbol(graph, "W")), 3]));
        graph = graph.Prepend([image], before.Nodes, before.Constants);

        var after = new NodeSequence(graph);
        HeadNodes.Add(after, head, features, network.OutputType, network.OutputRank, Label, Scores);
        ValueInfo[] outputs = [new(Label, new TensorType(ElementType.String, [batch])), new(Scores, new TensorType(ElementType.Float32, [batch, head.Labels.Count]))];
        return network.Model with
        {
            Graph = graph.Append(after.Nodes, after.Constants, outputs),
            ProducerName = "ConvTransfer",
            ProducerVersion = typeof(OneFileModel).Assembly.GetName().Version?.ToString(3),
            Metadata = OneFileMetadata.Entries(truncated, head, recipe.ToJson(), network.AnyBatch, metadata),
        };
    }

    // A network that cannot take several pictures at a time is served picture by picture; the file says so in its metadata.
    private static Model ForAnyBatch(Model model)
    {
        try
        {
            return DynamicBatch.Apply(model);
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Unsupported)
        {
            return model;
        }
    }

    // The names of the file's own input and outputs are fixed; a value of the network that has one gets another.
    private static Graph WithoutNames(Graph graph, string[] reserved)
    {
        foreach (string name in reserved)
            if (graph.Defines(name)) graph = graph.RenameValue(name, new UniqueNames(graph).Fresh(name));
        return graph;
    }

    // A symbol stands for one length everywhere in a graph: the picture's height must not have the name of another length.
    private static string Symbol(Graph graph, string wanted)
    {
        var used = graph.Inputs.Concat(graph.Outputs).Concat(graph.ValueInfos).Select(v => v.Type).OfType<TensorType>().SelectMany(t => t.Dims ?? []).Select(d => d.Symbol).ToHashSet();
        string symbol = wanted;
        for (int i = 1; used.Contains(symbol); i++) symbol = $"{wanted}_{i}";
        return symbol;
    }
}
