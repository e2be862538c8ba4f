using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>A network that was fine-tuned, with its new head: it can be tried on other pictures, and written as one file from picture to label, or as a network.</summary>
public sealed class FineTunedModel : IDisposable
{
    private readonly FittedPipeline _fitted;
    private readonly Model _network;

    private FineTunedModel(FittedPipeline fitted, Model network, FeatureTable before, TensorFates tensors, TrainingResult training)
    {
        _fitted = fitted;
        _network = network;
        Before = before;
        TrainedWeights = tensors.Trained;
        FrozenWeights = tensors.Frozen;
        FrozenHash = tensors.FrozenHash;
        UnchangedWeights = tensors.Unchanged;
        Training = training;
    }

    /// <summary>The names of the classes, in the order of the scores.</summary>
    public ValueList<string> Labels => _fitted.Labels;

    /// <summary>The head.</summary>
    public LinearHead Head => _fitted.Head;

    /// <summary>How the training went.</summary>
    public TrainingResult Training { get; }

    /// <summary>The features of the pictures before the training.</summary>
    public FeatureTable Before { get; }

    /// <summary>The names of the network's own weights that were trained.</summary>
    public ValueList<string> TrainedWeights { get; }

    /// <summary>The names of the tensors that were to stay as they are: what the rules freeze in every phase, and the weights and statistics that batch normalizations keep. That they did is checked after the training.</summary>
    public ValueList<string> FrozenWeights { get; }

    /// <summary>One hash over <see cref="FrozenWeights"/>, taken before the training and found again after it; <see cref="HashOf"/> gives the same for the source network.</summary>
    public string FrozenHash { get; }

    /// <summary>The names of all tensors of the source that are byte for byte as they were: compared after the training, whether they were frozen or only did not move.</summary>
    public ValueList<string> UnchangedWeights { get; }

    /// <summary>SHA-256 over the names, dims and bytes of some tensors that a network holds, as initializers or in Constant nodes, in hexadecimal digits.</summary>
    /// <param name="network">The network.</param>
    /// <param name="names">Their names.</param>
    /// <exception cref="ArgumentException">The network holds no tensor of such a name.</exception>
    public static string HashOf(Model network, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(names);
        var all = StoredNumbers.Of(network);
        using var hasher = new ContentHasher();
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            if (!all.TryGetValue(name, out var data)) throw new ArgumentException($"the network holds no tensor '{DisplayText.Escape(name)}'", nameof(names));
            hasher.Add(name);
            foreach (long dim in data.Dims) hasher.Add(dim);
            hasher.Add(data.Bytes.Span);
        }
        return hasher.Finish().ToString();
    }

    /// <summary>The figures on other pictures. Classes are matched by name.</summary>
    /// <exception cref="ConvTransferException">Too many pictures are bad.</exception>
    public Figures Evaluate(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default) => _fitted.Evaluate(images, progress, cancellationToken);

    /// <inheritdoc cref="FittedPipeline.SaveOnnx"/>
    public void SaveOnnx(string path, string? figures = null, CancellationToken cancellationToken = default) => _fitted.SaveOnnx(path, figures, cancellationToken);

    /// <summary>Writes the network with its new weights and head: from the source's input to logits [N, classes]. Beside the trained weights and the head nothing of the source is changed; a weight that stands in a Constant node stays there.</summary>
    /// <exception cref="ConvTransferException">The file cannot be written: the target is as it was.</exception>
    public void SaveNetwork(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OnnxFile.Write(DenseLayer.Behind(_network, Head.Weights.AsSpan(), Head.Biases.AsSpan(), relu: false), path);
    }

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => _fitted.Dispose();

    internal static FineTunedModel Of(Model network, string? cut, InputRecipe recipe, PipelineOptions options, LinearHead head, FeatureTable before, TensorFates tensors, TrainingResult result)
    {
        var extractor = new FeatureExtractor(network, recipe, options);
        // The new features are asked for only when the file is checked, and only of the pictures that it is checked with.
        var features = new Lazy<FeatureTable>(() => extractor.Extract(OneFileExport.Tried(before.Images)));
        return new FineTunedModel(new FittedPipeline(network, cut, recipe, extractor, features, head), network, before, tensors, result);
    }
}
