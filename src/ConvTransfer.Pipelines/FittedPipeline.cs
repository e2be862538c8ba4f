using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;

namespace ConvTransfer.Pipelines;

/// <summary>A pipeline whose head was fitted: it can be tried on other pictures and written as one file.</summary>
public sealed class FittedPipeline : IDisposable
{
    private readonly Model _network;
    private readonly string? _cut;
    private readonly InputRecipe _recipe;
    private readonly FeatureExtractor _extractor;
    private readonly Lazy<FeatureTable> _training;

    internal FittedPipeline(Model network, string? cut, InputRecipe recipe, FeatureExtractor extractor, Lazy<FeatureTable> training, LinearHead head)
    {
        _network = network;
        _cut = cut;
        _recipe = recipe;
        _extractor = extractor;
        _training = training;
        Head = head;
    }

    /// <summary>The names of the classes, in the order of the scores.</summary>
    public ValueList<string> Labels => Head.Labels;

    /// <summary>The head.</summary>
    public LinearHead Head { get; }

    /// <summary>The features that the head was fitted to.</summary>
    public FeatureTable Training => _training.Value;

    /// <summary>The figures on other pictures. Classes are matched by name; pictures of a class that the head does not know are counted apart.</summary>
    /// <exception cref="ConvTransferException">Too many pictures are bad.</exception>
    public Figures Evaluate(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default) =>
        _extractor.Extract(images, progress, cancellationToken).Evaluate(Head);

    /// <summary>Writes the whole classifier as one ONNX file, once its own nodes were seen to give the pipeline's scores.</summary>
    /// <param name="path">The file.</param>
    /// <param name="figures">What the file says about how good it is, as JSON; null to say nothing.</param>
    /// <param name="cancellationToken">Stops before the file is written.</param>
    /// <exception cref="ConvTransferException">The file would give other scores than the pipeline, or cannot be written: the target is as it was.</exception>
    public void SaveOnnx(string path, string? figures = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var metadata = new List<KeyValuePair<string, string>>();
        if (_cut is not null) metadata.Add(new(OneFileMetadata.Cut, _cut));
        if (figures is not null) metadata.Add(new(OneFileMetadata.Figures, figures));
        var model = OneFileModel.Build(_network, _recipe, Head, metadata);
        OneFileExport.Write(model, path, [.. OneFileExport.Spread(Training.Count).Select(i => (Training.FileAt(i), Training.Scores(Head, i)))], _extractor.Options, cancellationToken);
    }

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => _extractor.Dispose();
}
